"""Which files belong together, and that each suffix is read by its own reader."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from experiments.foundation.datasets.formats.vecs import write_vecs
from experiments.foundation.datasets.formats.vector_files import is_path, read_files, read_set, read_vectors
from experiments.lab.errors import InputError


@pytest.mark.parametrize("prefix", ["", "sift_"])
def test_files_beside_the_base_are_recognized(tmp_path: Path, prefix: str) -> None:
    base, queries = np.eye(4, dtype="f4"), np.ones((2, 4), "f4")
    truth = np.array([[0], [3]])
    for part, rows in (("base.fvecs", base), ("query.fvecs", queries), ("groundtruth.ivecs", truth)):
        write_vecs(tmp_path / f"{prefix}{part}", rows)
    for place in (tmp_path, tmp_path / f"{prefix}base.fvecs"):
        data = read_files(place)
        np.testing.assert_array_equal(data.base, base)
        np.testing.assert_array_equal(data.queries, queries)
        np.testing.assert_array_equal(data.ground_truth, truth)
        assert data.metric == "l2"


def test_a_folder_of_several_bases_wants_a_name(tmp_path: Path) -> None:
    for name in ("a.npy", "b.npy"):
        np.save(tmp_path / name, np.ones((2, 2)))
    with pytest.raises(InputError) as raised:
        read_files(tmp_path)
    assert str(raised.value) == f"{tmp_path}: expected one file of base vectors, found a.npy, b.npy. Name the file."


def test_an_unknown_format_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").touch()
    with pytest.raises(InputError, match=r"unknown format '\.parquet', expected one of \.fvecs, "):
        read_files(tmp_path / "x.parquet")


def test_a_set_is_read_in_the_order_given_whatever_the_names(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(8.0).reshape(4, 2))
    write_vecs(tmp_path / "z.bvecs", np.array([[7, 8]]))
    write_vecs(tmp_path / "m.ivecs", np.array([[3, 0]]))
    found = read_set((tmp_path / "a.npy", tmp_path / "z.bvecs", tmp_path / "m.ivecs"))
    assert found.base.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert found.queries is not None
    assert found.queries.tolist() == [[7, 8]]
    assert found.ground_truth is not None
    assert found.ground_truth.tolist() == [[3, 0]]
    assert found.sources == "a.npy, z.bvecs, m.ivecs"
    assert read_set((tmp_path / "a.npy", tmp_path / "z.bvecs")).ground_truth is None


def test_an_hdf5_file_is_a_whole_set(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.hdf5", "w") as file:
        file["train"], file["test"], file["neighbors"] = np.ones((3, 2)), np.zeros((1, 2)), np.array([[2]])
        file.attrs["distance"] = "angular"
    for found in (read_set((tmp_path / "x.hdf5",)), read_files(tmp_path / "x.hdf5")):
        assert (found.name, found.metric, found.base.shape, found.sources) == ("x", "cosine", (3, 2), "x.hdf5")
        assert found.ground_truth is not None
        assert found.ground_truth.tolist() == [[2]]


@pytest.mark.parametrize("suffix", [".fvecs", ".npy", ".csv"])
def test_every_format_gives_the_same_rows(tmp_path: Path, suffix: str) -> None:
    rows = np.array([[1, 2, 3], [4, 5, 6]])
    path = tmp_path / f"x{suffix}"
    if suffix == ".npy":
        np.save(path, rows)
    elif suffix == ".csv":
        np.savetxt(path, rows, delimiter=",")
    else:
        write_vecs(path, rows)
    assert read_vectors(path).tolist() == rows.tolist()


@pytest.mark.parametrize(
    ("text", "meant"), [("x.npy", True), ("a/b", True), ("sift1m", False), (".", True), ("gauss", False)]
)
def test_a_path_is_told_from_a_name(text: str, meant: bool) -> None:
    assert is_path(text) is meant
