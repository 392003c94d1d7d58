from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from sklearn.datasets import load_digits

from experiments.foundation.datasets.formats.vecs import write_vecs
from experiments.foundation.datasets.images import load_images
from experiments.foundation.datasets.vectors import VectorData, load_vectors
from experiments.lab.errors import InputError


def load(dataset: str | Path, **changes: Any) -> VectorData:
    settings_: dict[str, Any] = {"n": None, "n_queries": None, "dim": 16, "intrinsic_dim": 4, "seed": 0, **changes}
    return load_vectors(str(dataset), **settings_)


def write_family(folder: Path, prefix: str = "", n: int = 60, m: int = 7) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Base, queries and the exact 3 nearest neighbors in TEXMEX's three files."""
    rng = np.random.default_rng(5)
    base, queries = rng.normal(size=(n, 4)).astype("f4"), rng.normal(size=(m, 4)).astype("f4")
    truth = cKDTree(base).query(queries, k=3)[1]
    write_vecs(folder / f"{prefix}base.fvecs", base)
    write_vecs(folder / f"{prefix}query.fvecs", queries)
    write_vecs(folder / f"{prefix}groundtruth.ivecs", truth)
    return base, queries, truth


@pytest.mark.parametrize("name", ["clustered", "gauss", "uniform"])
def test_generated_vectors_follow_the_seed_alone(name: str) -> None:
    first, again, other = (load(name, n=50, n_queries=9, seed=seed) for seed in (1, 1, 2))
    assert first.base.shape == (50, 16)
    assert first.queries.shape == (9, 16)
    assert first.base.dtype == np.float32
    np.testing.assert_array_equal(first.base, again.base)
    assert not np.array_equal(first.base, other.base)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"n": None}, "clustered: generated vectors need n, n_queries and dim of at least 1."),
        ({"intrinsic_dim": 17}, "clustered: intrinsic_dim is 17, expected 1 to dim = 16."),
    ],
)
def test_generated_vectors_need_their_sizes(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError) as raised:
        load("clustered", **{"n": 10, "n_queries": 2, **changes})
    assert str(raised.value) == problem


def test_digits_hold_queries_out_of_the_base() -> None:
    data = load("digits", n_queries=100)
    assert data.base.shape == (1697, 64)
    both = np.concatenate([data.base, data.queries])
    assert sorted(map(bytes, both)) == sorted(map(bytes, load_digits().data.astype(np.uint8)))
    assert data.description == ("digits of scikit-learn: 1697 base vectors, 100 rows held out by seed 0 as queries")


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 60), n_queries=st.integers(1, 7), seed=st.integers(0, 1000))
def test_ground_truth_that_is_kept_is_exact_for_what_was_taken(
    tmp_path_factory: pytest.TempPathFactory, n: int, n_queries: int, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("family")
    write_family(folder)
    data = load(folder, n=n, n_queries=n_queries, seed=seed)
    assert (len(data.base), len(data.queries)) == (n, n_queries)
    if n == 60:
        assert data.ground_truth is not None
    if data.ground_truth is not None:
        np.testing.assert_array_equal(data.ground_truth, cKDTree(data.base).query(data.queries, k=3)[1])


def test_a_sample_keeps_the_order_of_the_source_and_says_so(tmp_path: Path) -> None:
    np.save(tmp_path / "base.npy", np.arange(40.0).reshape(20, 2))
    np.save(tmp_path / "query.npy", np.zeros((3, 2)))
    data = load(tmp_path, n=6, seed=4)
    assert (np.diff(data.base[:, 0]) > 0).all()
    assert data.description == "base.npy, query.npy: 6 of 20 base vectors, sampled by seed 4, 3 queries"


def test_another_metric_drops_the_ground_truth(tmp_path: Path) -> None:
    write_family(tmp_path)
    data = load(tmp_path, metric="cosine")
    assert data.ground_truth is None
    assert data.metric == "cosine"
    assert data.description.endswith("ground truth dropped: it does not fit")


def test_angular_hdf5_is_searched_by_cosine(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x-angular.hdf5", "w") as file:
        file["train"], file["test"] = np.ones((4, 2), "f4"), np.ones((2, 2), "f4")
        file["neighbors"] = np.array([[0], [3]])
        file.attrs["distance"] = "angular"
    data = load(tmp_path / "x-angular.hdf5")
    assert (data.name, data.metric) == ("x-angular", "cosine")
    assert data.ground_truth is not None


def test_a_lone_file_gives_some_of_its_rows_as_queries(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "x.csv", np.random.default_rng(0).normal(size=(40, 3)), delimiter=",")
    data = load(tmp_path / "x.csv", n_queries=4)
    assert (data.base.shape, data.queries.shape, data.base.dtype) == ((36, 3), (4, 3), np.float32)
    assert data.description == "x.csv: 36 base vectors, 4 rows held out by seed 0 as queries"


def test_queries_can_be_named(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((5, 3)))
    write_vecs(tmp_path / "b.bvecs", np.zeros((2, 3)))
    data = load(tmp_path / "a.npy", queries=str(tmp_path / "b.bvecs"))
    assert data.queries.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert data.queries.dtype == np.float32


def test_arrays_can_be_written_to(tmp_path: Path) -> None:
    write_vecs(tmp_path / "base.bvecs", np.ones((5, 3)))
    np.save(tmp_path / "query.npy", np.ones((2, 3), "f4"))
    data = load(tmp_path)
    assert data.base.flags.writeable and data.queries.flags.writeable  # noqa: PT018
    assert type(data.queries) is np.ndarray


def test_nan_is_told_with_its_count_and_first_row(tmp_path: Path) -> None:
    values = np.ones((9, 3))
    values[4, 1], values[7, 0], values[7, 2] = np.nan, np.inf, -np.inf
    np.save(tmp_path / "x.npy", values)
    with pytest.raises(InputError) as raised:
        load(tmp_path / "x.npy", n_queries=2)
    told = "2 of 9 vectors hold NaN or infinite values in float32, the first is row 4."
    assert str(raised.value) == f"x.npy: {told}"


def test_values_that_overflow_float32_are_infinite(tmp_path: Path) -> None:
    np.save(tmp_path / "base.npy", np.full((3, 2), 1e39))
    np.save(tmp_path / "query.npy", np.ones((3, 2)))
    with pytest.raises(InputError, match=r"base\.npy, query\.npy: 3 of 3 vectors hold NaN or infinite"):
        load(tmp_path)


def test_opposite_infinities_do_not_cancel(tmp_path: Path) -> None:
    np.save(tmp_path / "base.npy", np.array([[1.0, 2.0]]))
    np.save(tmp_path / "query.npy", np.array([[0.0, 1.0], [np.inf, -np.inf]]))
    with pytest.raises(InputError, match=r"\(queries\): 1 of 2 vectors .* the first is row 1"):
        load(tmp_path)


def test_every_mismatch_of_the_three_files_has_its_line(tmp_path: Path) -> None:
    write_vecs(tmp_path / "base.fvecs", np.ones((5, 3)))
    write_vecs(tmp_path / "query.fvecs", np.ones((2, 4)))
    write_vecs(tmp_path / "groundtruth.ivecs", np.array([[0, 1], [2, 5]]))
    with pytest.raises(InputError) as raised:
        load(tmp_path)
    source = "base.fvecs, query.fvecs, groundtruth.ivecs"
    assert raised.value.problems == (
        f"{source}: queries have dimension 4, base vectors 3.",
        f"{source}: ground truth names row 5, but base rows are 0 to 4.",
    )


def test_ground_truth_for_other_queries_is_refused(tmp_path: Path) -> None:
    write_vecs(tmp_path / "base.fvecs", np.ones((5, 3)))
    write_vecs(tmp_path / "query.fvecs", np.ones((2, 3)))
    write_vecs(tmp_path / "groundtruth.ivecs", np.zeros((3, 1)))
    with pytest.raises(InputError, match="ground truth for 3 queries, but there are 2"):
        load(tmp_path)


def test_an_empty_base_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((0, 3)))
    with pytest.raises(InputError) as raised:
        load(tmp_path / "x.npy", n_queries=1)
    assert str(raised.value) == "x.npy: no base vectors: the shape is (0, 3)."


@pytest.mark.parametrize(
    ("dataset", "changes", "problem"),
    [
        ("digit", {}, r"^unknown data set digit: did you mean digits\?$"),
        ("cifar10", {}, r"^unknown data set cifar10: did you mean sift-cifar\?$"),  # color: not flattened
        ("no/such.npy", {}, r"no/such\.npy: no such file or folder\. Give a file of vectors or a data set's name\."),
        ("sift1m", {}, r"Run `mlnotes data fetch sift1m`"),
        ("digits", {}, r"it has no queries of its own; say how many of its 1797 rows to hold out\."),
        ("digits", {"n_queries": 9, "queries": "q.npy"}, r"queries: digits brings its own; "),
    ],
)
def test_what_cannot_be_taken_is_told(data_folder: Path, dataset: str, changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        load(dataset, **changes)


def test_more_rows_than_there_are_take_all_and_a_tenth_is_held_out() -> None:
    data = load("digits", n=10_000, n_queries=500)
    assert (len(data.base), len(data.queries)) == (1797 - 179, 179)
    assert data.description.endswith("1618 base vectors, 179 rows held out by seed 0 as queries")


def test_a_lone_row_cannot_be_held_out(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((1, 3)))
    with pytest.raises(InputError, match=r"expected 2 rows or more, one of them to hold out as a query, got 1\."):
        load(tmp_path / "x.npy", n_queries=1)


def test_mnist_is_60000_by_784_bytes(real_data: Callable[[str], Path], data_folder: Path) -> None:
    os.symlink(real_data("mnist"), data_folder / "mnist")
    data = load("mnist", n_queries=10)
    assert (data.base.shape, data.base.dtype, data.queries.shape) == ((60000, 784), np.uint8, (10, 784))


def test_sift_cifar_comes_with_its_ground_truth(real_data: Callable[[str], Path], data_folder: Path) -> None:
    os.symlink(real_data("sift-cifar"), data_folder / "sift-cifar")
    data = load("sift-cifar")
    assert (data.base.shape, data.queries.shape) == ((100_000, 128), (1000, 128))
    assert data.ground_truth is not None
    assert data.ground_truth.shape == (1000, 100)


@pytest.mark.parametrize(("name", "m"), [("minilm", 2000), ("minilm-shakespeare", 1000)])
def test_minilm_is_widened_to_float32(real_data: Callable[[str], Path], data_folder: Path, name: str, m: int) -> None:
    os.symlink(real_data("minilm"), data_folder / "minilm")
    data = load(name)
    assert (data.base.shape, data.base.dtype, data.queries.shape) == ((100_000, 384), np.float32, (m, 384))
    np.testing.assert_allclose(np.linalg.norm(data.queries, axis=1), 1, atol=1e-3)
    assert (data.name, data.metric, data.ground_truth) == (name, "l2", None)


def test_pixels_are_searched_in_the_order_of_the_files(real_data: Callable[[str], Path], data_folder: Path) -> None:
    os.symlink(real_data("fashion-mnist"), data_folder / "fashion")
    images, vectors = load_images("fashion", seed=0), load("fashion")
    np.testing.assert_array_equal(vectors.base, images.train_images.reshape(60_000, 784))
    np.testing.assert_array_equal(vectors.queries, images.test_images.reshape(10_000, 784))
    assert vectors.description == "fashion, pixels as bytes: 60000 base vectors, 10000 queries"


@pytest.mark.parametrize("dtype", ["f8", "i8"])
def test_vectors_that_float32_would_merge_are_refused_in_a_line(tmp_path: Path, dtype: str) -> None:
    near = np.random.default_rng(0).normal(0, 10, (300, 4)).astype(dtype)
    np.save(tmp_path / "near.npy", near)
    np.save(tmp_path / "far.npy", near + near.dtype.type(10**9))
    assert len(load(tmp_path / "near.npy", n_queries=10).base) == 290
    with pytest.raises(InputError, match=r"^far\.npy: values up to 1e\+09 lie within [\d.]+ of each other, .*subtract"):
        load(tmp_path / "far.npy", n_queries=10)
