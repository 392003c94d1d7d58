"""The study of checkpoints: what it compares, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.lab.errors import InputError
from experiments.lab.judge.rules import compare
from experiments.train.checkpoint import saving
from experiments.train.checkpoint.setup import Params, prepare

FEW = Params(steps=6, stop_at=4, drop=("nothing", "optimizer"))


def test_a_stop_after_the_end_is_one_line() -> None:
    with pytest.raises(InputError, match="expected stop_at < steps, got 30 and 30; stop earlier"):
        prepare(Params(stop_at=30, steps=30), 0)


def test_every_update_after_the_stop_is_compared() -> None:
    rows = list(saving.run(prepare(FEW, 0)))
    assert [(row.case, row.step) for row in rows] == [
        ("nothing", 1),
        ("nothing", 2),
        ("optimizer", 1),
        ("optimizer", 2),
    ]


def test_one_bit_refutes_a_complete_checkpoint() -> None:
    rows = list(saving.run(prepare(FEW, 0)))
    complete, _ = saving.PART.claims
    assert compare(complete.rule, complete.measure(rows)).outcome == "holds"
    rows[1] = replace(rows[1], difference=1e-300)
    assert compare(complete.rule, complete.measure(rows)).outcome == "refuted"
