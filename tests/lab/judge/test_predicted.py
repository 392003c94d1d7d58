"""Whether a verdict is as predicted."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from experiments.lab.judge.predicted import as_predicted

BOTH = {"he": "holds", "xavier": "refuted"}


@pytest.mark.parametrize(
    ("verdict", "predicted", "conditions", "met"),
    [
        ("holds", "holds", {}, True),
        ("refuted", "holds", {}, False),
        ("not judged", "holds", {}, True),
        ("failed", "holds", {}, False),
        ("failed", "failed", {}, False),
        ("conditional", BOTH, {"he": "holds", "xavier": "refuted"}, True),
        ("conditional", BOTH, {"he": "holds", "xavier": "refuted", "zero": "holds"}, True),
        ("conditional", BOTH, {"he": "holds", "xavier": "not judged"}, True),
        ("holds", BOTH, {"he": "holds", "xavier": "holds"}, False),
        ("inconclusive", BOTH, {}, False),
        ("not judged", BOTH, {"he": "inconclusive", "xavier": "not judged"}, True),
    ],
)
def test_a_verdict_is_compared_with_its_prediction(
    verdict: str, predicted: str | Mapping[str, str], conditions: Mapping[str, str], met: bool
) -> None:
    assert as_predicted(verdict, predicted, conditions) is met
