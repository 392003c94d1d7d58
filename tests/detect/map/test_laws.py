"""The laws of detect.map hold on random instances, and their controls fail."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from experiments.detect.map import laws
from experiments.detect.map.setup import Params, prepare
from experiments.foundation.statements.trials import TrialRow
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import compare

ROWS = list(laws.run(prepare(Params(trials=3), 0)))


def test_laws_hold_and_their_controls_fail() -> None:
    for statement in ("overlap", "order of scores", "precision and recall"):
        rows = [row for row in ROWS if row.statement == statement]
        assert max(row.error for row in rows) < 1e-12
    assert max(row.control_error for row in ROWS) > 0.1


@pytest.mark.parametrize("claim", laws.PART.claims, ids=lambda claim: claim.name)
def test_every_claim_is_decided_by_its_rows(claim: Claim[Sequence[TrialRow]]) -> None:
    assert compare(claim.rule, claim.measure(ROWS)).outcome == "holds"
