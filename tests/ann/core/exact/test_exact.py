"""Exact neighbors against scipy, on sets where float32 products lose the small distances."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from experiments.ann.core.exact.exact import (
    distance_ratio,
    distances_of,
    exact_neighbors,
    knn_graph_steps,
    neighbor_steps,
    recall_by_distance,
)
from experiments.ann.core.simd.kernel import finish
from experiments.ann.core.simd.vector import padded

Floats = NDArray[np.float32]


def vectors(kind: str, n: int, d: int) -> Floats:
    rng = np.random.default_rng(5)
    points = rng.standard_normal((n, d))
    if kind == "far from the origin":
        points = points * 0.01 + 1000.0
    if kind == "tight clusters far apart":
        points = points * 0.001 + 100.0 * rng.integers(0, 5, (n, 1))
    if kind == "integers":
        points = rng.integers(0, 4, (n, d)).astype(np.float64)
    if kind == "duplicates":
        points = points[rng.integers(n // 10, size=n)]
    return points.astype(np.float32)


KINDS = ["gauss", "far from the origin", "tight clusters far apart", "integers", "duplicates"]


@pytest.mark.parametrize("kind", KINDS)
def test_neighbors_are_those_of_a_double_precision_scan_with_ties_by_id(kind: str) -> None:
    points = vectors(kind, 700, 11)
    base, queries = points[:600], points[600:]
    squared = cdist(queries.astype(np.float64), base.astype(np.float64), "sqeuclidean").astype(np.float32)
    expected = np.lexsort((np.broadcast_to(np.arange(600), squared.shape), squared))[:, :9]
    ids, distances = exact_neighbors(base, queries, 9, threads=2)
    np.testing.assert_allclose(distances, np.take_along_axis(squared, expected, 1), rtol=1e-6)
    assert (ids == expected).mean() > 0.999  # numpy and the kernel may round a float64 sum to neighboring float32


@pytest.mark.parametrize("kind", KINDS)
def test_knn_graph_excludes_each_point_by_id_and_keeps_its_duplicates(kind: str) -> None:
    points = vectors(kind, 500, 6)
    ids, squared = finish(knn_graph_steps(padded(points), 8, threads=1))
    nearest = np.asarray(cKDTree(points.astype(np.float64)).query(points.astype(np.float64), 9)[0])[:, 1:]
    assert not (ids == np.arange(500)[:, None]).any()
    assert all(len(set(row)) == 8 for row in ids)
    np.testing.assert_allclose(np.sqrt(squared), nearest, rtol=1e-5, atol=1e-6)


def test_result_does_not_depend_on_threads() -> None:
    base = padded(vectors("gauss", 900, 20))
    one, three = (finish(knn_graph_steps(base, 15, threads=threads)) for threads in (1, 3))
    np.testing.assert_array_equal(one[0], three[0])
    np.testing.assert_array_equal(one[1], three[1])


def test_fewer_points_than_k_leave_minus_one_at_infinity() -> None:
    ids, squared = finish(knn_graph_steps(padded(vectors("gauss", 3, 2)), 5, threads=1))
    np.testing.assert_array_equal(ids[:, 2:], -1)
    assert np.isinf(squared[:, 2:]).all()


def test_single_point_has_no_neighbor_but_itself() -> None:
    point = np.ones((1, 4), np.float32)
    assert exact_neighbors(point, point, 1)[0].tolist() == [[0]]
    assert finish(knn_graph_steps(padded(point), 1, threads=1))[0].tolist() == [[-1]]


def test_progress_ends_at_the_number_of_rows() -> None:
    base = padded(vectors("gauss", 600, 3))
    assert list(neighbor_steps(base, base, 4, exclude_self=True, double=False, threads=1))[-1] == 600


def test_recall_counts_ties_and_shares_of_what_exists() -> None:
    truth = np.array([[1.0, 2.0, 2.0], [1.0, 2.0, np.inf]])
    found = np.array([[1.0, 2.0, 2.0 * (1 + 1e-7)], [2.0, 3.0, np.inf]])
    np.testing.assert_allclose(recall_by_distance(found, truth, 3), [1.0, 0.5])


def test_distances_are_measured_again_from_ids() -> None:
    base, queries = vectors("gauss", 30, 5), vectors("gauss", 40, 5)[30:]
    ids = np.array([[3, -1], *[[0, 1]] * 9])
    expected = ((base[[3, 0]][0] - queries[0]) ** 2).sum()
    measured = distances_of(base, queries, ids)
    assert measured[0, 0] == pytest.approx(expected, rel=1e-6)
    assert np.isinf(measured[0, 1])


def test_distance_ratio_by_hand() -> None:
    found, truth = np.array([[4.0, 16.0, np.inf]], np.float32), np.array([[1.0, 4.0, 9.0]], np.float32)
    assert distance_ratio(found, truth) == 2
    assert np.isnan(distance_ratio(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32)))
