"""The study of dropout: every mode from the same start, and laws that dropout without rescaling breaks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.lab.judge.rules import compare
from experiments.train.dropout import laws, training
from experiments.train.dropout.setup import Params, prepare


def test_modes_share_weights_and_batches() -> None:
    images = prepare(Params(), 0)
    none, early = (training.trained(images, "underfit", mode, width=4, steps=3, p=1e-12) for mode in ("none", "early"))
    assert early.train_loss == pytest.approx(none.train_loss, rel=1e-6)
    assert early.test_accuracy == none.test_accuracy


def test_the_law_holds_and_is_refuted_without_rescaling() -> None:
    (claim,), rows = laws.PART.claims, list(laws.run(prepare(Params(), 0)))
    assert compare(claim.rule, claim.measure(rows)).outcome == "holds"
    broken = [replace(row, error=row.control_error) for row in rows]
    assert compare(claim.rule, claim.measure(broken)).outcome == "refuted"
