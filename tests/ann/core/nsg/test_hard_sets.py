"""Sets that break graph indexes: both forms of ours keep their guarantees on them.

Truth is computed here in float64 from the definitions of the metrics. A found vector counts by its distance, so ties
count; the allowance is the rounding of float32 at the size of the terms.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from experiments.ann.core.exact.exact import knn_graph_steps
from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.construction.equals import ring_of_equals
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.simd.kernel import finish
from experiments.ann.core.simd.vector import padded

Floats = NDArray[np.float32]
KINDS = (
    "gauss",
    "uniform",
    "equal",
    "duplicates",
    "lattice",
    "bytes",
    "islands",
    "zeros",
    "lengths",
    "line",
    "tiny",
    "huge",
)


def hard_set(kind: str, n: int, d: int, seed: int) -> Floats:
    """n points (n, d) of a kind that is hard in its own way."""
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((n, d))
    if kind == "uniform":
        points = rng.random((n, d))
    elif kind == "equal":
        points[:] = points[0]
    elif kind == "duplicates":
        points = points[rng.integers(max(1, n // 8), size=n)]
    elif kind == "lattice":
        points = rng.integers(0, 3, (n, d)).astype(np.float64)
    elif kind == "bytes":
        points = rng.integers(0, 256, (n, d)).astype(np.float64)
    elif kind == "islands":
        points[:, 0] += 1e4 * rng.integers(0, 4, n)
    elif kind == "zeros":
        points[rng.random(n) < 0.5] = 0.0
    elif kind == "lengths":
        points *= 10.0 ** rng.uniform(-3, 3, (n, 1))
    elif kind == "line":
        points = np.outer(np.arange(n), np.ones(d))
    elif kind in ("tiny", "huge"):
        points *= 1e-15 if kind == "tiny" else 1e15
    return points.astype(np.float32)


def true_distances(base: Floats, queries: Floats, metric: str) -> tuple[NDArray[np.float64], float]:
    """Distances (m, n) in the metric's terms, and how far rounding may move one."""
    x, q = base.astype(np.float64), queries.astype(np.float64)
    lengths, asked = np.linalg.norm(x, axis=1), np.linalg.norm(q, axis=1)
    if metric == "l2":
        found = np.array([((x - row) ** 2).sum(axis=1) for row in q])
        return found, 1e-5 * float(found.max(initial=0.0)) + 1e-37
    products = q @ x.T
    if metric == "ip":
        return -products, 1e-5 * float(lengths.max() ** 2 + asked.max() ** 2) + 1e-37
    cosines = products / np.where(asked == 0, 1, asked)[:, None] / np.where(lengths == 0, 1, lengths)
    return 1 - cosines, 1e-5


def reached_from(graph: NDArray[np.int32], start: int) -> int:
    """Nodes that a walk along the edges meets."""
    met, waiting = {start}, deque([start])
    while waiting:
        for node in graph[waiting.popleft()].tolist():
            if node >= 0 and node not in met:
                met.add(node)
                waiting.append(node)
    return len(met)


def check_graph(index: NSG, n: int, max_degree: int) -> None:
    assert reached_from(index.graph, index.navigating_node) == n
    for node, row in enumerate(index.graph.tolist()):
        edges = [other for other in row if other >= 0]
        assert len(edges) <= max_degree
        assert len(set(edges)) == len(edges)
        assert node not in edges


def check_search(index: NSG | CodedNSG, base: Floats, queries: Floats, metric: str) -> None:
    """Exact with a list of all; with a short one still k different ids at finite distances that are theirs."""
    k, n = min(5, len(base)), len(base)
    truth, allowance = true_distances(base, queries, metric)
    best = np.sort(truth, axis=1)[:, :k]
    for size in (n, 8):
        ids, distances = index.search(queries, k, size, threads=1)
        assert np.isfinite(distances).all()
        assert ((ids >= 0) & (ids < n)).all()
        assert all(len(set(row)) == k for row in ids.tolist())
        assert (np.diff(distances, axis=1) >= 0).all()
        own = np.take_along_axis(truth, ids.astype(np.int64), 1)
        np.testing.assert_allclose(distances, own, rtol=1e-4, atol=allowance)
        if size == n:
            assert (np.sort(own, axis=1) <= best + allowance).all(), "recall below 1"


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.sampled_from(KINDS),
    st.integers(1, 90),
    st.sampled_from([1, 2, 3, 17, 130]),
    st.integers(0, 2**20),
    st.integers(1, 6),
    st.integers(1, 12),
    st.sampled_from(["l2", "cosine", "ip"]),
    st.sampled_from([None, True]),
)
def test_guarantees_hold_on_random_hard_sets(
    kind: str, n: int, d: int, seed: int, max_degree: int, knn: int, metric: str, by_codes: bool | None
) -> None:
    if metric != "l2" and kind in ("tiny", "huge"):
        kind = "gauss"  # squares of lengths leave float32 there
    base = hard_set(kind, n, d, seed)
    queries = np.vstack([base[:3], base[:2] + np.float32(0.25), np.zeros((1, d), np.float32)])
    index = NSG.build(
        base,
        max_degree=max_degree,
        knn=knn,
        search_list_size=8,
        candidates=20,
        metric=metric,
        by_codes=by_codes,
        threads=1,
    )
    check_graph(index, n, max_degree)
    check_search(index, base, queries, metric)
    check_search(CodedNSG.of(index, threads=1), base, queries, metric)
    check_search(CodedNSG.of(index, threads=1, portable=True), base, queries, metric)


@pytest.mark.parametrize("metric", ["l2", "cosine", "ip"])
@pytest.mark.parametrize("kind", ["gauss", "equal", "bytes", "zeros"])
def test_4096_dimensions_are_no_harder(kind: str, metric: str) -> None:
    base = hard_set(kind, 60, 4096, 0)
    index = NSG.build(base, max_degree=6, knn=10, metric=metric, threads=1)
    check_graph(index, 60, 6)
    check_search(index, base, base[:4] + np.float32(0.25), metric)


@pytest.mark.parametrize("kind", ["gauss", "equal"])
def test_4096_dimensions_are_no_harder_by_codes(kind: str) -> None:
    base = hard_set(kind, 60, 4096, 0)
    index = NSG.build(base, max_degree=6, knn=10, threads=1)
    check_search(CodedNSG.of(index, threads=1), base, base[:4] + np.float32(0.25), "l2")


@pytest.mark.parametrize("by_codes", [False, True])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_recall_in_few_dimensions_does_not_stick(d: int, by_codes: bool) -> None:
    rng = np.random.default_rng(d)
    n = 20_000 if d > 1 else 6000  # on a line the graph is a path, and building takes long walks
    base, queries = rng.random((n, d), dtype=np.float32), rng.random((200, d), dtype=np.float32)
    truth, _ = true_distances(base, queries, "l2")
    tenth = np.sort(truth, axis=1)[:, 9:10]
    index = NSG.build(base)
    ids, _ = (CodedNSG.of(index) if by_codes else index).search(queries, 10, 80)
    near = np.take_along_axis(truth, ids.astype(np.int64), 1) <= tenth * (1 + 1e-5)
    assert index.unreachable == 0
    assert near.mean() > 0.999


@pytest.mark.parametrize("metric", ["l2", "cosine", "ip"])
def test_a_set_smaller_than_every_size_is_searched_whole(metric: str) -> None:
    base = hard_set("gauss", 3, 5, 0)
    index = NSG.build(base, knn=100, search_list_size=100, max_degree=50, candidates=500, metric=metric)
    for form in (index, CodedNSG.of(index)):
        check_search(form, base, base + np.float32(0.1), metric)


def test_far_more_duplicates_than_edges_are_all_found() -> None:
    base = np.repeat(hard_set("gauss", 4, 6, 0), 300, axis=0)
    index = NSG.build(base)
    check_graph(index, 1200, 32)
    for form in (index, CodedNSG.of(index)):
        ids, distances = form.search(base[::300], 300, len(base))
        assert (distances == 0).all()
        assert (np.sort(ids, axis=1) == np.arange(1200).reshape(4, 300)).all()


@pytest.mark.parametrize(("by_codes", "copies"), [(False, 1500), (True, 1500), (True, 4500)])
def test_short_lists_find_many_of_thousands_of_duplicates(by_codes: bool, copies: int) -> None:
    few = hard_set("gauss", 4, 24, 0)
    base = few[np.random.default_rng(1).permutation(np.repeat(np.arange(4), copies))]
    index = NSG.build(base, by_codes=by_codes)
    check_graph(index, len(base), 32)
    for form in (index, CodedNSG.of(index)):
        ids, distances = form.search(few, 10, 10)
        assert (distances == 0).all()
        assert all(len(set(row)) == 10 for row in ids)


def test_equals_are_linked_as_a_ring_and_other_neighbors_keep_their_order() -> None:
    base = hard_set("gauss", 60, 5, 0)
    base[[3, 10, 20, 30, 50]] = base[3]
    padded_base = padded(base)
    knn, squared = finish(knn_graph_steps(padded_base, 8, threads=1))
    before, far = knn.copy(), squared.copy()
    ring_of_equals(padded_base, knn, squared)
    assert [row.tolist() for row in knn[[3, 30, 50], :4]] == [[10, 20, 30, 50], [50, 3, 10, 20], [3, 10, 20, 30]]
    np.testing.assert_array_equal(knn[:, 4:], before[:, 4:])
    np.testing.assert_array_equal(squared, far)
    ring = np.isin(np.arange(60), [3, 10, 20, 30, 50])
    np.testing.assert_array_equal(knn[~ring], before[~ring])
