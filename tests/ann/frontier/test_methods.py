"""ann.frontier: what is built, and how its curves are read."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from experiments.ann.frontier import methods
from experiments.ann.frontier.methods import MethodRow
from experiments.ann.frontier.setup import Params, prepare
from experiments.lab.errors import InputError
from experiments.lab.judge.measured import NotMeasured, Pairs


def curve(method: str, family: str, recalls: Sequence[float], costs: Sequence[float]) -> list[MethodRow]:
    return [
        MethodRow(
            dataset="line",
            method=method,
            family=family,
            mode="batch",
            n=100,
            dim=1,
            effort=effort,
            recall_at_k=recall,
            recall_at_1=recall,
            distance_ratio=1.0,
            distance_computations=cost,
            queries_per_second=1.0,
            build_seconds=1.0,
            bytes_per_vector=1.0,
        )
        for effort, (recall, cost) in enumerate(zip(recalls, costs, strict=True), start=1)
    ]


GRAPH = curve("NSG", "graph", [0.8, 1.0], [10, 1000])
TREE = curve("k-d tree", "tree", [0.95, 0.99], [300, 400])
UNCOUNTED = curve("svs", "graph", [0.9, 1.0], [math.nan, math.nan])


def test_the_best_of_each_side_is_compared_at_the_recall() -> None:
    found = methods.others_over_graphs([*TREE, *GRAPH, *UNCOUNTED])
    assert isinstance(found, Pairs)
    assert found.treatment == {0: 300}
    assert found.baseline == {0: pytest.approx(100)}


def test_where_no_other_method_reaches_the_recall_a_scan_has_to_serve() -> None:
    short = curve("LSH", "hash", [0.1, 0.2], [10, 20])
    found = methods.others_over_graphs([*GRAPH, *short])
    assert isinstance(found, Pairs)
    assert found.treatment == {0: 100}  # all of the vectors
    assert isinstance(methods.others_over_graphs(GRAPH), NotMeasured)


def test_titles_say_who_is_cheapest_and_who_is_fastest() -> None:
    rows = [*TREE, *GRAPH]
    expected = "Recall 0.9 takes the best graph 100 distances a query, the best other method 300"
    assert methods.fewest_distances(rows) == expected
    assert methods.fastest("batch")(rows).startswith("With all queries in one call, ")
    assert methods.fastest("single")(rows) == "No method reaches recall 0.9 with one query at a time"


def test_a_fall_of_recall_is_found_and_the_control_is_the_curve_backwards() -> None:
    found = methods.falls_of_recall([*curve("NSG", "graph", [0.5, 0.9, 0.8], [1, 2, 3]), *TREE])
    assert list(found.errors) == pytest.approx([0.1, -0.04])
    assert list(found.control) == pytest.approx([0.4, 0.04])


def test_the_headline_has_the_least_effort_that_reaches_the_recall() -> None:
    assert [(row.method, row.effort) for row in methods.at_recall([*GRAPH, *TREE])] == [("k-d tree", 1), ("NSG", 2)]


def test_what_is_not_installed_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.ann.core.rivals.index.find_spec", lambda name: None if name == "svs" else name)
    vectors = prepare(Params(n=100, n_queries=5, methods=("exact", "svs")), 0)
    assert vectors.methods == ["exact"]
    assert vectors.notes[0].endswith("l2, one thread; left out: svs (svs is not installed, see the extra peers)")
    with pytest.raises(
        InputError,
        match=r"methods: none can be built here: svs \(svs is not installed, see the extra peers\); add exact",
    ):
        prepare(Params(methods=("svs",)), 0)


def test_both_ways_of_asking_find_the_same() -> None:
    found = list(methods.sweep(prepare(Params(n=200, n_queries=5), 0), "nsg"))
    assert {(row.effort, row.mode) for row in found} == {(e, m) for e in (10, 40, 160) for m in ("single", "batch")}
    assert all(row.queries_per_second > 0 and row.recall_at_k > 0.9 for row in found)
