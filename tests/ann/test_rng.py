"""The laws of the RNG on other data and at ties, and what its claims need."""

from __future__ import annotations

import pytest

from experiments.ann.rng import graphs, laws
from experiments.ann.rng.graphs import GraphRow
from experiments.ann.rng.setup import Params, prepare
from experiments.foundation.statements.trials import trials_of
from experiments.lab.judge.rules import compare

CLAIMS = {claim.name: claim for claim in (*laws.PART.claims, *graphs.PART.claims)}


@pytest.mark.parametrize("dataset", ["uniform", "clustered", "digits"])
def test_laws_hold_on_generated_and_stored_data(dataset):
    rows = list(laws.run(prepare(Params(dataset=dataset, n=40, dims=(3,)), 1)))
    for name in ("search_by_distance_equals_the_definition", "rng_lies_between_tree_and_delaunay"):
        assert compare(CLAIMS[name].rule, CLAIMS[name].measure(rows)).outcome == "holds"


def test_closed_lunes_lose_tree_edges_at_ties_only():
    rows = trials_of(list(laws.run(prepare(Params(dims=(2,), lune="closed"), 0))), "contains the spanning tree")
    lost = {row.case: row.error for row in rows}
    assert (lost["rng"], lost["rng, open lune"]) == (0, 0)
    assert lost["rng, closed lune"] > 0


def test_small_sets_do_not_count_against_stalling():
    def row(graph: str, n: int, stalled: int) -> GraphRow:
        found = {"success": 1.0, "mean_degree": 3.0, "max_degree": 5, "counterexample": ""}
        return GraphRow(dataset="", graph=graph, n=n, dim=2, stalled_pairs=stalled, **found)

    seen = CLAIMS["rng_is_no_msnet"].measure([row("rng", 49, 0), row("rng", 50, 7), row("mrng", 50, 0)])
    assert (list(seen.errors), list(seen.control)) == ([False], [True])


def test_four_points_stall_and_are_drawn():
    events = list(graphs.run(prepare(Params(n=20, dims=(4,), compare=()), 0)))
    four = next(row for row in events if isinstance(row, GraphRow))
    assert (four.graph, four.stalled_pairs) == ("rng, four points", 1)
    assert "walks (6, 0) at 61 and stops" in four.counterexample
    assert [row.graph for row in events if isinstance(row, GraphRow) and row.dataset == "uniform"] == ["rng", "mrng"]
