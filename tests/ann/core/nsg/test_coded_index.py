"""Searching by codes finds what exact search finds, on every metric and in both ways."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from experiments.ann.core.exact.exact import exact_neighbors, recall_by_distance
from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.nsg.searching import batch_search


@pytest.mark.parametrize("portable", [True, False])
@pytest.mark.parametrize("integer", [False, True])
def test_search_by_codes_finds_what_exact_search_finds(clustered: Any, portable: bool, integer: bool) -> None:
    data = clustered(1700, 90, integer=integer)
    base, queries = data[:1500], data[1500:]
    index = NSG.build(base, knn=30)
    coded = CodedNSG.of(index, portable=portable)
    _, truth = exact_neighbors(base, queries, 10)
    _, distances = coded.search(queries, 10, 40)
    assert recall_by_distance(distances, truth, 10).mean() > 0.99
    ids, full = coded.search(queries[:5], 10, len(base))
    np.testing.assert_allclose(full, truth[:5], rtol=1e-6)
    assert (np.diff(full, axis=1) >= 0).all()
    assert all(len(set(row)) == 10 for row in ids)


def test_portable_and_fast_search_agree(clustered: Any) -> None:
    data = clustered(1200, 64)
    index = NSG.build(data[:1000], knn=20)
    fast, portable = CodedNSG.of(index), CodedNSG.of(index, portable=True)
    np.testing.assert_array_equal(fast.search(data[1000:], 5, 20)[0], portable.search(data[1000:], 5, 20)[0])


def test_looking_up_what_was_measured_changes_no_result(clustered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = clustered(1200, 64)
    coded = CodedNSG.of(NSG.build(data[:1000], knn=20))
    found = []
    for shortest in (0, 1000):
        monkeypatch.setattr(batch_search, "REMEMBERED_FROM", shortest)
        found.append(coded.search_counted(data[1000:], 5, 40))
    np.testing.assert_array_equal(found[0].ids, found[1].ids)
    assert found[0].distance_computations.sum() < found[1].distance_computations.sum()


def test_build_by_codes_keeps_every_guarantee_and_is_deterministic(clustered: Any) -> None:
    base = clustered(3000, 40)
    builds = [NSG.build(base, knn=20, by_codes=True, threads=threads) for threads in (1, 3)]
    np.testing.assert_array_equal(builds[0].graph, builds[1].graph)
    assert builds[0].unreachable == 0
    assert builds[0].degrees.max() <= 32
    assert CodedNSG.of(builds[0]).search(base[:20], 1, 10)[0].tolist() == [[i] for i in range(20)]


@pytest.mark.parametrize("metric", ["cosine", "ip"])
def test_codes_serve_every_metric(clustered: Any, metric: str) -> None:
    data = clustered(900, 20)
    index = NSG.build(data[:800], knn=20, metric=metric)
    plain, coded = (each.search(data[800:], 5, 800) for each in (index, CodedNSG.of(index)))
    np.testing.assert_allclose(coded[1], plain[1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("n", [1, 2, 9])
def test_few_or_equal_vectors_are_searched(n: int) -> None:
    coded = CodedNSG.of(NSG.build(np.ones((n, 3))))
    ids, distances = coded.search(np.ones((2, 3)), 12, 20)
    assert sorted(ids[0, :n].tolist()) == list(range(n))
    assert (distances[:, :n] == 0).all()
    assert (ids[:, n:] == -1).all()
    assert np.isinf(distances[:, n:]).all()
