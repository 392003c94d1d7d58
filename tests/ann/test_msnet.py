"""What the claims about monotonic search networks need, and path lengths against the theory."""

from __future__ import annotations

import pytest

from experiments.ann.msnet import EXPERIMENT, graphs, paths
from experiments.ann.msnet.graphs import GraphRow
from experiments.ann.msnet.setup import Params, prepare
from experiments.lab.experiment import Rows
from experiments.lab.judge.measured import Undecided
from experiments.lab.judge.rules import compare

CLAIMS = {claim.name: claim for claim in EXPERIMENT.all_claims}


def row(graph: str = "mrng by size", *, n: int = 50, dim: int = 3, seed: int = 0, **columns: float) -> GraphRow:
    counts = {"stalled_pairs": 0, "unconnected_pairs": 0, "missed_pairs": 0, "avoidable_misses": 0, "max_degree": 5}
    means = {"success": 1.0, "mean_hops": 3.0, "mean_distance_computations": 20.0, "mean_degree": 4.0}
    given = {**counts, **means, **columns}
    return GraphRow(dataset="", graph=graph, n=n, dim=dim, seed=seed, counterexample="", **given)


def test_criteria_that_differ_on_one_graph_refute_that_they_agree():
    claim = CLAIMS["three_criteria_agree"]
    control = row("knn", stalled_pairs=3, missed_pairs=3, unconnected_pairs=1, avoidable_misses=2)
    for found, outcome in (([row()], "holds"), ([row(), row(missed_pairs=1)], "refuted")):
        seen = claim.measure(Rows({"graphs": [control], "paths": found}))
        assert compare(claim.rule, seen).outcome == outcome


def test_every_graph_that_is_no_network_has_to_stall():
    claim = CLAIMS["delaunay_mrng_and_complete_graphs_are_msnets"]
    stalling, passing = row("rng", stalled_pairs=9), row("knn")
    assert compare(claim.rule, claim.measure([row("mrng"), stalling])).outcome == "holds"
    assert compare(claim.rule, claim.measure([row("mrng"), stalling, passing])).outcome != "holds"


@pytest.mark.parametrize(("exponent", "outcome"), [(0.2, "holds"), (0.45, "refuted")])
def test_hops_may_grow_as_the_root_of_the_dimension(exponent, outcome):
    rows = [
        row(n=n, seed=seed, mean_hops=n**exponent * (1 + seed * n / 1e5))
        for n in (50, 100, 200, 400, 800)
        for seed in range(3)
    ]
    claim = CLAIMS["path_length_grows_as_the_theory_says"]
    assert compare(claim.rule, claim.measure(rows)).outcome == outcome


def test_no_sweep_is_undecided():
    assert isinstance(paths.hops_beyond_the_root([]), Undecided)


def test_delaunay_is_left_out_where_it_would_take_too_long():
    found = [
        event.graph
        for event in graphs.run(prepare(Params(n=20, dim=7, graph=("delaunay", "mrng")), 0))
        if isinstance(event, GraphRow)
    ]
    assert found == ["gabriel, four points", "rng, four points", "mrng"]


def test_stored_data_keep_the_theorems():
    rows = [event for event in graphs.run(prepare(Params(dataset="digits", n=40), 0)) if isinstance(event, GraphRow)]
    claim = CLAIMS["delaunay_mrng_and_complete_graphs_are_msnets"]
    assert compare(claim.rule, claim.measure(rows)).outcome == "holds"
    assert all(len(found.verdicts) == 1 for found in rows)
