"""The study of number formats: one bit decides its laws, and a diverged network guesses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.rules import compare
from experiments.train.precision import accuracy, laws
from experiments.train.precision.setup import Numbers, Params, prepare


@pytest.fixture(scope="module")
def numbers() -> Numbers:
    return prepare(Params(train_images=100, steps=2, weights=2), 0)


def test_a_limit_that_torch_contradicts_refutes_the_formats(numbers: Numbers) -> None:
    (claim,), rows = laws.FORMATS.claims, list(laws.run_formats(numbers))
    assert compare(claim.rule, claim.measure(rows)).outcome == "holds"
    assert compare(claim.rule, claim.measure([replace(rows[0], torch_agrees=0.0), *rows[1:]])).outcome == "refuted"


def test_a_small_update_that_moves_a_weight_refutes_their_loss(numbers: Numbers) -> None:
    (claim,), rows = laws.UPDATES.claims, list(laws.run_updates(numbers))
    assert compare(claim.rule, claim.measure(rows)).outcome == "holds"
    moved = [replace(row, moved=1.0) for row in rows]
    assert compare(claim.rule, claim.measure(moved)).outcome == "refuted"


def test_adam_in_fp16_alone_diverges_and_counts_as_guessing(numbers: Numbers) -> None:
    rows = [event for event in accuracy.run(numbers) if isinstance(event, accuracy.AccuracyRow)]
    diverged = {(row.number_format, row.optimizer): row.test_accuracy for row in rows if row.diverged}
    assert diverged == {("fp16-true", "adam"): 0.1}
    assert len(accuracy.beside_float32(rows)) == 10


def test_an_arm_that_diverges_at_every_rate_is_judged_and_one_at_an_edge_is_not() -> None:
    accuracies = {"fp32": (0.5, 0.9, 0.6), "bf16-mixed": (0.5, 0.8, 0.9), "fp16-true": (0.1, 0.1, 0.1)}
    rows = [
        accuracy.AccuracyRow(
            optimizer="adam",
            number_format=name,
            lr=lr,
            final_loss=1.0,
            validation_accuracy=value,
            test_accuracy=value,
            diverged=float(value == 0.1),
            dataset="digits",
        )
        for name, values in accuracies.items()
        for lr, value in zip((0.01, 0.1, 1.0), values, strict=True)
    ]
    found = accuracy.beside_float32(rows)
    assert found["fp16-true, adam"] == Pairs({0: 0.1}, {0: 0.9})
    assert isinstance(found["bf16-mixed, adam"], Undecided)
