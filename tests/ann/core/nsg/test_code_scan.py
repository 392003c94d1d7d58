"""A scan by codes finds what exact search finds, on every metric, however queries and threads come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from experiments.ann.core.exact.exact import exact_neighbors, recall_by_distance
from experiments.ann.core.nsg import code_scan
from experiments.ann.core.nsg.code_scan import CodeScan
from experiments.ann.core.nsg.index import NSG


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("vnni", [False, True])
def test_a_short_list_finds_nearly_all_and_the_whole_one_all(
    clustered: Any, integer: bool, vnni: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not vnni:
        monkeypatch.setattr(code_scan, "has_vnni", lambda: False)
    data = clustered(3300, 90, integer=integer)
    base, queries = data[:3000], data[3000:]
    truth_ids, truth = exact_neighbors(base, queries, 10)
    index = CodeScan.build(base)
    ids, distances = index.search(queries, 10, 40, threads=1)
    assert recall_by_distance(distances, truth, 10).mean() > 0.99
    np.testing.assert_array_equal(ids, index.search(queries, 10, 40, threads=3)[0])
    np.testing.assert_array_equal(ids[7], index.searcher(10, 40)(queries[7])[0])
    np.testing.assert_array_equal(index.search(queries, 10, 3000)[0], truth_ids)


def test_it_does_without_a_graph_what_a_graph_cannot_reach() -> None:
    rng = np.random.default_rng(0)
    # Unit vectors in no order, and queries elsewhere: the neighbors of a query are no neighbors of each other.
    base = rng.standard_normal((20_000, 64), dtype=np.float32)
    base[:, 0] -= 8
    base /= np.linalg.norm(base, axis=1, keepdims=True)
    queries = rng.standard_normal((100, 64), dtype=np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    truth = exact_neighbors(base, queries, 10)[1]
    graph = NSG.build(base[:4000])
    scanned = CodeScan.build(base).search(queries, 10, 200)[1]
    on_graph = graph.search(queries, 10, 200)[1]
    part = exact_neighbors(base[:4000], queries, 10)[1]
    assert recall_by_distance(scanned, truth, 10).mean() > max(0.98, recall_by_distance(on_graph, part, 10).mean())


@pytest.mark.parametrize("metric", ["cosine", "ip", "hamming"])
def test_it_serves_every_metric_as_the_graph_does(clustered: Any, metric: Any) -> None:
    data = clustered(900, 24) > 0 if metric == "hamming" else clustered(900, 24)
    graph = NSG.build(data[:800], knn=20, metric=metric)
    expected = graph.search(data[800:], 5, 800)[1]
    for index in (CodeScan.build(data[:800], metric=metric), CodeScan.of(graph)):
        np.testing.assert_allclose(index.search(data[800:], 5, 800)[1], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("n", [1, 2, 9])
def test_few_or_equal_vectors_and_no_queries_are_served(n: int) -> None:
    index = CodeScan.build(np.ones((n, 3)))
    ids, distances = index.search(np.ones((2, 3)), 12, 20)
    assert sorted(ids[0, :n].tolist()) == list(range(n))
    assert (distances[:, :n] == 0).all()
    assert (ids[:, n:] == -1).all()
    assert index.search(np.ones((0, 3)), 2, 5)[0].shape == (0, 2)


@pytest.mark.parametrize(
    ("base", "error"), [(np.ones((0, 3)), "at least one vector"), (np.full((2, 2), np.nan), "finite")]
)
def test_what_is_no_base_is_refused(base: Any, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        CodeScan.build(base)
