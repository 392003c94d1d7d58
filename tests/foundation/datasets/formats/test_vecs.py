from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.foundation.datasets.formats.vecs import DTYPES, read_vecs, write_vecs
from experiments.lab.errors import InputError


@settings(max_examples=60, deadline=None)
@given(
    suffix=st.sampled_from(sorted(DTYPES)), n=st.integers(1, 20), dim=st.integers(1, 9), seed=st.integers(0, 2**32 - 1)
)
def test_rows_survive_writing_and_reading(suffix: str, n: int, dim: int, seed: int) -> None:
    rows = np.random.default_rng(seed).integers(0, 256, (n, dim)).astype(DTYPES[suffix])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows{suffix}"
        write_vecs(path, rows)
        assert path.stat().st_size == n * (4 + dim * rows.itemsize)
        np.testing.assert_array_equal(read_vecs(path), rows)
        np.testing.assert_array_equal(read_vecs(path, limit=3), rows[:3])


def test_layout_has_the_dimension_before_every_row(tmp_path: Path) -> None:
    path = tmp_path / "two.bvecs"
    path.write_bytes(b"\x03\0\0\0abc\x03\0\0\0def")
    assert read_vecs(path).tolist() == [[97, 98, 99], [100, 101, 102]]


def test_every_row_whose_dimension_is_flipped_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.fvecs"
    write_vecs(path, np.ones((6, 5)))
    whole = path.read_bytes()
    for row in range(1, 6):
        place = row * 24
        path.write_bytes(whole[:place] + b"\x07" + whole[place + 1 :])
        with pytest.raises(InputError) as raised:
            read_vecs(path)
        told = f"{path}: row {row} says dimension 7, row 0 said 5. The file is damaged or mixed."
        assert str(raised.value) == told


def test_a_file_cut_off_at_any_byte_but_a_row_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.ivecs"
    write_vecs(path, np.arange(12).reshape(3, 4))
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        if length in (20, 40):
            assert len(read_vecs(path)) == length // 20
        else:
            with pytest.raises(InputError, match=r"rows.ivecs: (truncated|empty)"):
                read_vecs(path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty: expected rows of vectors, found 0 bytes."),
        (b"\x01\0", "truncated: expected rows of vectors, found 2 bytes."),
        (b"\0\0\0\0", "row 0 says dimension 0, expected at least 1. Is it a fvecs file?"),
        (b"\xff\xff\xff\xff", "row 0 says dimension -1, expected at least 1. Is it a fvecs file?"),
        (
            b"\x02\0\0\0abc",
            "truncated: rows of dimension 2 take 12 bytes, the last one has 7 of 7 bytes in all.",
        ),
    ],
)
def test_unusable_files_are_told_whole(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "rows.fvecs"
    path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        read_vecs(path)
    assert str(raised.value) == f"{path}: {problem}"


def test_a_limit_does_not_ask_for_the_damaged_end(tmp_path: Path) -> None:
    path = tmp_path / "rows.bvecs"
    write_vecs(path, np.arange(12).reshape(3, 4))
    path.write_bytes(path.read_bytes()[:-1])
    assert read_vecs(path, limit=2).tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    with pytest.raises(InputError, match="truncated"):
        read_vecs(path, limit=3)


def test_reading_maps_the_file_and_loads_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rows.fvecs"
    write_vecs(path, np.ones((4, 3)))
    rows = read_vecs(path)
    assert not rows.flags.owndata
    assert not rows.flags.writeable


def test_ground_truth_of_sift_cifar_is_the_exact_nearest(real_data: Callable[[str], Path]) -> None:
    folder = real_data("sift-cifar")
    base = read_vecs(folder / "base.bvecs").astype(np.float32)
    queries = read_vecs(folder / "query.bvecs", limit=5).astype(np.float32)
    truth = read_vecs(folder / "groundtruth.ivecs", limit=5)
    squared = ((queries[:, None, :] - base[None, :20000]) ** 2).sum(
        axis=2
    )  # a fifth of the base is enough to contradict
    kth = ((queries - base[truth[:, -1]]) ** 2).sum(axis=1)
    for query in range(5):
        nearer = set(np.flatnonzero(squared[query] < kth[query]))
        assert nearer <= set(truth[query].tolist())
        assert nearer
