"""The index against brute force, faiss, and the guarantees it makes on hard sets."""

from __future__ import annotations

import re

import faiss
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from experiments.ann.core.exact.exact import exact_neighbors, recall_by_distance
from experiments.ann.core.nsg.index import NSG

Floats = NDArray[np.float32]


def gauss(n: int, d: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def mrng(base: Floats) -> list[list[int]]:
    """The monotonic relative neighborhood graph from its definition, in float64."""
    distances = cdist(base.astype(np.float64), base.astype(np.float64), "sqeuclidean")
    graph = []
    for p in range(len(base)):
        kept: list[int] = []
        for q in sorted(set(range(len(base))) - {p}, key=lambda q: (distances[p, q], q)):
            if not any(distances[r, q] < distances[p, q] for r in kept):
                kept.append(q)
        graph.append(kept)
    return graph


def reachable(index: NSG) -> int:
    graph = nx.DiGraph([(p, int(q)) for p, row in enumerate(index.graph) for q in row if q >= 0])
    graph.add_node(index.navigating_node)
    return len(nx.descendants(graph, index.navigating_node)) + 1


@st.composite
def hard_sets(draw: st.DrawFn) -> Floats:
    """Few points or many, on a line or in space, with duplicates, zero vectors, and groups far apart."""
    n, d = draw(st.integers(1, 90)), draw(st.sampled_from([1, 2, 5, 17]))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    kinds = draw(st.sampled_from(["gauss", "equal", "duplicates", "lattice", "islands", "zeros"]))
    points = rng.standard_normal((n, d))
    if kinds == "equal":
        points[:] = points[0]
    elif kinds == "duplicates":
        points = points[rng.integers(max(1, n // 8), size=n)]
    elif kinds == "lattice":
        points = rng.integers(0, 3, (n, d)).astype(np.float64)
    elif kinds == "islands":
        points[:, 0] += 1e4 * rng.integers(0, 4, n)
    elif kinds == "zeros":
        points[rng.random(n) < 0.5] = 0.0
    return points.astype(np.float32)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(hard_sets(), st.integers(1, 6), st.integers(1, 12), st.sampled_from(["l2", "cosine", "ip"]))
def test_hard_sets_are_reachable_within_degree_and_searched_exactly(
    base: Floats, max_degree: int, knn: int, metric: str
) -> None:
    index = NSG.build(base, max_degree=max_degree, knn=knn, search_list_size=8, candidates=20, metric=metric, threads=1)
    queries = np.vstack([base[:3], base[:2] + np.float32(0.25)])
    _, distances = index.search(queries, k=min(5, len(base)), search_list_size=len(base), threads=1)
    space = index.space
    truth = cdist(
        space.place_queries(queries).astype(np.float64), space.place_base(base).astype(np.float64), "sqeuclidean"
    )
    truth.sort(axis=1)
    expected = space.report(truth[:, : distances.shape[1]].astype(np.float32), queries)
    if metric == "ip":  # the products themselves, in float64: the space has no room for lengths that differ too much
        expected = np.sort(-queries.astype(np.float64) @ base.T.astype(np.float64), axis=1)[:, : distances.shape[1]]
    assert reachable(index) == len(base) == len(base) - index.unreachable
    assert index.degrees.max(initial=0) <= max_degree
    np.testing.assert_allclose(distances, expected, rtol=1e-4, atol=1e-4 * max(1.0, float(np.abs(truth).max())))


@pytest.mark.parametrize(("n", "d"), [(120, 2), (120, 3), (100, 8), (60, 100)])
def test_lists_from_all_candidates_are_the_mrng(n: int, d: int) -> None:
    base = gauss(n, d)
    index = NSG.build(
        base, knn=n - 1, search_list_size=n, max_degree=n, candidates=n, reverse_edges=False, repair=False
    )
    assert [[int(q) for q in row if q >= 0] for row in index.graph] == mrng(base)


def test_builds_are_equal_bit_for_bit_on_any_number_of_threads() -> None:
    base = gauss(1500, 12)
    builds = [NSG.build(base, knn=20, max_degree=16, seed=3, threads=threads) for threads in (1, 2, 3)]
    assert all(np.array_equal(builds[0].graph, other.graph) for other in builds[1:])


def test_search_does_not_depend_on_threads() -> None:
    index = NSG.build(gauss(800, 12), knn=20)
    results = [index.search(gauss(300, 12, seed=1), 10, 30, threads=threads) for threads in (1, 3)]
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][1], results[1][1])


def test_recall_is_that_of_faiss_with_equal_parameters() -> None:
    base, queries = gauss(2000, 16), gauss(300, 16, seed=1)
    peer = faiss.IndexNSGFlat(16, 24)
    peer.GK, peer.nsg.L, peer.nsg.C, peer.build_type, peer.nsg.search_L = 40, 40, 100, 0, 20
    peer.add(base)
    index = NSG.build(base, knn=40, search_list_size=40, max_degree=24, candidates=100)
    _, truth = exact_neighbors(base, queries, 10)
    ours = recall_by_distance(index.search(queries, 10, 20)[1], truth, 10).mean()
    theirs = recall_by_distance(peer.search(queries, 10)[0], truth, 10).mean()
    assert abs(ours - theirs) < 0.02


def test_recall_does_not_fall_as_the_list_grows() -> None:
    base, queries = gauss(1500, 24), gauss(200, 24, seed=1)
    index, (_, truth) = NSG.build(base), exact_neighbors(base, queries, 10)
    recalls = [recall_by_distance(index.search(queries, 10, size)[1], truth, 10).mean() for size in (10, 20, 40, 80)]
    assert recalls == sorted(recalls)
    assert recalls[0] < recalls[-1]


def test_without_repair_two_islands_are_apart_and_with_it_they_are_not() -> None:
    base = gauss(300, 4)
    base[::2, 0] += 1e5
    bare, repaired = (NSG.build(base, knn=10, candidates_from_search=False, repair=repair) for repair in (False, True))
    assert bare.unreachable == 150
    assert repaired.unreachable == 0
    assert repaired.report.attached >= 1


@pytest.mark.parametrize("metric", ["cosine", "ip"])
def test_metrics_find_what_a_scan_finds(metric: str) -> None:
    base, queries = gauss(400, 6), gauss(50, 6, seed=1)
    base[7] = 0.0
    index = NSG.build(base, knn=20, metric=metric)
    ids, distances = index.search(queries, 5, 400)
    scores = queries @ base.T
    if metric == "cosine":
        lengths = np.linalg.norm(base, axis=1)
        scores = scores / np.where(lengths == 0, 1, lengths) / np.linalg.norm(queries, axis=1)[:, None]
    best = np.sort(scores, axis=1)[:, ::-1][:, :5]
    offset = 1.0 if metric == "cosine" else 0.0
    np.testing.assert_allclose(distances, offset - best, atol=1e-4)
    np.testing.assert_allclose(np.take_along_axis(scores, ids.astype(np.int64), 1), best, atol=1e-4)


def test_zero_query_has_cosine_distance_one_to_everything() -> None:
    index = NSG.build(gauss(50, 3), metric="cosine")
    _, distances = index.search(np.zeros((1, 3)), 4, 10)
    np.testing.assert_array_equal(distances, np.ones((1, 4)))


def test_asking_for_more_than_there_are_gives_minus_one_at_infinity() -> None:
    ids, distances = NSG.build(gauss(3, 2)).search(gauss(2, 2, seed=1), 5, 10)
    np.testing.assert_array_equal(ids[:, 3:], -1)
    assert np.isinf(distances[:, 3:]).all()
    assert np.isfinite(distances[:, :3]).all()


def test_no_queries_give_no_rows() -> None:
    ids, distances = NSG.build(gauss(20, 2)).search(np.empty((0, 2)), 3, 10)
    assert ids.shape == distances.shape == (0, 3)


@pytest.mark.parametrize(
    ("base", "message"),
    [
        (np.zeros(3), "base: expected an array (n, d) with d >= 1, got shape (3,)"),
        (np.zeros((3, 0)), "base: expected an array (n, d) with d >= 1, got shape (3, 0)"),
        (np.empty((0, 2)), "base: expected at least one vector, got none"),
        (np.array([[1.0, np.nan]]), "base: expected finite numbers, got NaN or infinity"),
    ],
)
def test_base_that_cannot_be_indexed_is_refused(base: NDArray[np.float64], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        NSG.build(base)


def test_queries_of_another_dimension_are_refused() -> None:
    with pytest.raises(ValueError, match="queries: expected 2 dimensions, as in the base, got 3"):
        NSG.build(gauss(5, 2)).search(np.zeros((1, 3)), 1, 10)
