"""Claims judged again on fresh seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from experiments.lab.judge.judge import Finding, judge
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.paired import effect, ratio
from experiments.lab.judge.replication import prediction_interval, replications
from tests.lab.judge.given import given


def findings(values: Sequence[float], delta: float = 0.0) -> tuple[Finding, ...]:
    return judge([given(effect(Pairs.against(dict(enumerate(values)), 0.0), delta=delta))], smoke=False)


UP, DOWN, EITHER = [1.0, 1.1, 0.9, 1.05, 0.95], [-1.0, -1.1, -0.9, -1.05, -0.95], [1.0, -1.0, 0.5, -0.5, 0.1]


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [(UP, UP, "same"), (UP, DOWN, "flip"), (UP, EITHER, "lost"), (EITHER, DOWN, "gained")],
)
def test_only_a_change_between_decided_verdicts_is_a_flip(
    before: Sequence[float], after: Sequence[float], change: str
) -> None:
    (found,) = replications(findings(before), findings(after))
    assert (found.change, found.basis, list(found.effects)) == (change, "statistical", [""])


def test_prediction_intervals_hold_19_of_20_new_means() -> None:
    rng, inside = np.random.default_rng(0), 0
    for _ in range(400):
        (first,), new = findings(rng.normal(1.0, 0.5, 8).tolist()), rng.normal(1.0, 0.5, 5).mean()
        interval = prediction_interval(first.evidence, "difference", 5)
        assert interval is not None
        inside += interval.low <= new <= interval.high
    assert inside / 400 == pytest.approx(0.95, abs=4 * (0.05 * 0.95 / 400) ** 0.5)


def test_a_ratio_is_predicted_on_logarithms() -> None:
    values = dict(enumerate([2.0, 2.2, 1.8, 2.0, 2.1]))
    evidence = ratio(Pairs.against(values, 1.0), at_least=1.0).at(0.05).evidence
    logs = np.log(list(values.values()))
    half = 2.7764451 * logs.std(ddof=1) * np.sqrt(1 / 5 + 1 / 5)
    assert prediction_interval(evidence, "ratio", 5) == pytest.approx(np.exp(logs.mean() + np.array([-half, half])))


def test_findings_of_older_versions_predict_nothing() -> None:
    assert prediction_interval({"difference": 1.0, "n_seeds": 5}, "difference", 5) is None
