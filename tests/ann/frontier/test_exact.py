"""ann.frontier: exact methods, the k-d tree by dimension, and metrics."""

from __future__ import annotations

import numpy as np

from experiments.ann.frontier import exact, metrics
from experiments.ann.frontier.setup import Params, prepare
from experiments.lab.judge.claims import Asked
from experiments.lab.judge.judge import judge


def test_exact_methods_agree_and_one_leaf_is_the_control() -> None:
    rows = list(exact.agreement(prepare(Params(n=200, n_queries=9), 0)))
    asked = Asked(part="exact", claim=exact.AGREEMENT.claims[0], rows=rows)
    assert judge([asked], smoke=True)[0].verdict == "holds"
    assert (len(rows), [row.method for row in rows if row.distance_error > 1e-5]) == (5, [exact.ONE_LEAF])


def test_distances_of_exact_methods_are_those_of_a_scan_in_float64() -> None:
    base, queries = (np.random.default_rng(seed).random((n, 6), dtype=np.float32) for seed, n in ((15, 200), (16, 9)))
    errors = exact.distance_errors(base, queries, 5, 8)
    assert errors.pop(exact.ONE_LEAF) > 1e-2
    assert max(errors.values()) < 1e-6
    assert len(errors) == 4


def test_the_tree_visits_more_the_more_dimensions_there_are() -> None:
    rows = list(exact.tree_visits(prepare(Params(n=500, n_queries=20), 3)))
    shares = [row.visited_fraction for row in rows]
    assert shares == sorted(shares)
    pairs = exact.half_over_visited(rows)
    assert list(pairs) == ["2 dimensions", "8 dimensions", "32 dimensions"]
    assert (pairs["2 dimensions"].treatment, pairs["2 dimensions"].baseline) == ({0: 0.5}, {0: shares[0]})


def test_metrics_agree_at_unit_length_only() -> None:
    found = metrics.disagreements(list(metrics.run(prepare(Params(n=300, n_queries=20), 0))))
    assert {name: np.mean(tried.errors) > 0 for name, tried in found.items()} == {
        "l2, ip and cosine at unit length": False,
        "l2, ip and cosine as given": True,
        "l2 and l1 at unit length": True,
    }
