"""The study of number formats: one bit decides its laws, and a diverged network guesses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.lab.judge.rules import compare
from experiments.train.precision import accuracy, formats
from experiments.train.precision.setup import Numbers, Params, prepare


@pytest.fixture(scope="module")
def numbers() -> Numbers:
    return prepare(Params(train_images=100, steps=2, weights=2), 0)


def test_a_limit_that_torch_contradicts_refutes_the_formats(numbers: Numbers) -> None:
    (claim,), rows = formats.FORMATS.claims, list(formats.run_formats(numbers))
    assert compare(claim.rule, claim.measure(rows)).outcome == "holds"
    assert compare(claim.rule, claim.measure([replace(rows[0], torch_agrees=0.0), *rows[1:]])).outcome == "refuted"


def test_a_small_update_that_moves_a_weight_refutes_their_loss(numbers: Numbers) -> None:
    (claim,), rows = formats.UPDATES.claims, list(formats.run_updates(numbers))
    assert compare(claim.rule, claim.measure(rows)).outcome == "holds"
    moved = [replace(row, moved=1.0) for row in rows]
    assert compare(claim.rule, claim.measure(moved)).outcome == "refuted"


def test_adam_in_fp16_alone_diverges_and_counts_as_guessing(numbers: Numbers) -> None:
    rows = [event for event in accuracy.run(numbers) if isinstance(event, accuracy.AccuracyRow)]
    diverged = {(row.number_format, row.optimizer): row.test_accuracy for row in rows if row.diverged}
    assert diverged == {("fp16-true", "adam"): 0.1}
