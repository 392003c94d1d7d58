"""What an NSG guarantees and needs, as the judge reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from experiments.ann.nsg import growth, steps
from experiments.ann.nsg.steps import StepRow
from experiments.lab.experiment import Rows
from experiments.lab.judge.claims import Asked
from experiments.lab.judge.judge import judge
from experiments.lab.sinks import Outcome


def reachability(rows: Sequence[StepRow]) -> str:
    claim = steps.PART.claims[0]
    assert claim.name == "every_node_is_reachable"
    return judge([Asked(part="steps", claim=claim, rows=rows)], smoke=True)[0].verdict


def test_theorems_hold_on_the_smoke_size(outcome: Outcome) -> None:
    verdicts = {finding.claim: finding.verdict for finding in outcome.findings if finding.kind == "theorem"}
    assert verdicts == dict.fromkeys(("every_node_is_reachable", "full_list_is_exact", "degree_limit_is_kept"), "holds")


def test_control_is_what_decides_a_theorem(outcome: Outcome) -> None:
    rows = [row for row in outcome.rows.of(steps.PART) if row.method != steps.NEITHER]
    assert reachability(rows) == "inconclusive"


def test_an_unreachable_node_refutes(outcome: Outcome) -> None:
    rows = [replace(row, unreachable=1) if row.method == "NSG" else row for row in outcome.rows.of(steps.PART)]
    assert reachability(rows) == "refuted"


def test_an_edge_too_many_is_counted_in_both_parts(outcome: Outcome) -> None:
    apart, grown = outcome.rows.of(steps.PART), outcome.rows.of(growth.PART)
    wide = replace(grown[0], max_degree=grown[0].degree_limit + 1)
    found = growth.excess_degrees(Rows({"steps": apart, "growth": (*grown[1:], wide)}))
    assert (len(found.errors), sum(found.errors), len(found.control)) == (len(apart) + len(grown), 1, 1)


def test_no_near_neighbor_crosses_between_islands() -> None:
    base = np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32)
    apart = steps.split(base)
    assert apart[1::2, 0].min() - apart[::2, 0].max() > 50 * np.ptp(base)
    np.testing.assert_array_equal(apart[:, 1:], base[:, 1:])


def test_growth_measures_more_distances_on_more_vectors(outcome: Outcome) -> None:
    sizes, (distances,) = (lambda found: (found.x, found.y.values()))(growth.cost_by_size(outcome.rows.of(growth.PART)))
    assert list(sizes) == [25, 50, 100, 200, 400]
    assert list(distances) == sorted(distances)
