"""What the claims about the MRNG need: their controls, ties, repeats, and rules per dimension."""

from __future__ import annotations

import pytest

from experiments.ann.mrng import degrees, laws, routing
from experiments.ann.mrng.degrees import GROWTH, DegreeRow
from experiments.ann.mrng.routing import RoutingRow
from experiments.ann.mrng.setup import Params, prepare
from experiments.lab.judge.measured import Points
from experiments.lab.judge.rules import compare

CLAIMS = {claim.name: claim for part in (routing.PART, laws.PART, degrees.PART) for claim in part.claims}


def routed(**params: object) -> dict[str, RoutingRow]:
    events = routing.run(prepare(Params(n=40, **params), 3))
    return {event.graph: event for event in events if isinstance(event, RoutingRow)}


@pytest.mark.parametrize("dataset", ["uniform", "clustered", "gauss"])
def test_every_law_holds_without_ties(dataset):
    rows = list(laws.run(prepare(Params(dataset=dataset, n=40, minimality_n=20, ns=(20,)), 1)))
    for claim in laws.PART.claims:
        assert compare(claim.rule, claim.measure(rows)).outcome == "holds", claim.name


def test_walks_arrive_but_for_dropped_ties_and_repeats():
    rows = routed()
    assert rows["mrng"].missed_inside == rows["mrng, ties kept"].missed_inside == 0
    assert rows["mrng, ties dropped"].success_inside < 0.5
    assert 0 < rows["mrng, repeats kept"].missed_inside < rows["rng"].missed_inside * 2


def test_repeats_stay_where_dedup_is_off():
    assert routed(dedup=False, dataset="digits")["mrng"].n == 40


def test_counterexample_of_the_outer_queries_is_that_of_three_points():
    found = CLAIMS["queries_are_found_inside_and_outside"].measure(list(routed().values()))
    assert found["the query is a point of the set"].counterexample is None
    assert "in {(2, 9), (7, 3), (0, 8)} greedy to (0, 0)" in found["the query lies outside the set"].counterexample


def test_degree_is_judged_apart_in_any_dimension():
    def rows(dim: int, degrees: list[float]) -> list[DegreeRow]:
        sizes = [(100 * 2**step, degree) for step, degree in enumerate(degrees)]
        return [
            DegreeRow(
                seed=seed, n=n, dim=dim, mean_degree=degree * (1 + seed / 1000), max_degree=9, kissing_number=12.0
            )
            for seed in range(3)
            for n, degree in sizes
        ]

    claim = CLAIMS["degree_is_constant"]
    found = compare(claim.rule, claim.measure(rows(3, [4, 4, 4.01, 4, 4]) + rows(77, [4, 5, 6.3, 7.9, 10])))
    assert {name: part.outcome for name, part in found.parts.items()} == {
        "bounded by the kissing number": "holds",
        GROWTH.format(3): "holds",
        GROWTH.format(77): "refuted",
    }


def test_points_over_sizes_are_those_of_one_dimension():
    rows = [row for row in degrees.run(prepare(Params(dims=(1, 2), ns=(10, 20)), 0)) if isinstance(row, DegreeRow)]
    seen = degrees.growth(rows)[GROWTH.format(2)]
    assert isinstance(seen, Points)
    assert (list(seen.x), len(seen.y[0])) == ([10, 20], 2)
