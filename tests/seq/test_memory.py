"""Claims of seq.memory on rows with a known answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.lab.judge.measured import Pairs, Trials, Undecided
from experiments.seq.memory import accuracy
from experiments.seq.memory.accuracy import AccuracyRow

LRS = (0.001, 0.01, 0.1)


def trained(best: float, *, case: str = "rnn", lag: int = 10, seeds: int = 4) -> list[AccuracyRow]:
    """Trainings of which those at the rate ``best`` solve the task, and one judged one by chance elsewhere."""
    return [
        AccuracyRow(
            seed=seed,
            case=case,
            lag=lag,
            farthest=True,
            budget="long",
            updates=6,
            lr=lr,
            start=start,
            accuracy=1.0 if lr == best else 0.25,
            solved=lr == best or (start == 2 and lr == LRS[2]),
            probability=0.9 if lr == best else 0.25,
            chance=0.25,
        )
        for seed in range(seeds)
        for start in range(3)
        for lr in LRS
    ]


def test_the_first_start_chooses_the_rate_and_the_others_are_judged() -> None:
    found = accuracy.solved_by("rnn")(trained(LRS[1]))
    assert found == {"rnn, lag 10, 6 updates": Trials(dict.fromkeys(range(4), (2, 2)))}


def test_a_best_rate_at_the_edge_decides_nothing_unless_it_is_perfect_or_no_rate_works() -> None:
    (perfect,) = accuracy.solved_by("rnn")(trained(LRS[0])).values()
    assert perfect == Trials(dict.fromkeys(range(4), (2, 2)))
    rows = [replace(row, solved=row.solved and row.seed > 0) for row in trained(LRS[0])]
    (edge,) = accuracy.solved_by("rnn")(rows).values()
    assert isinstance(edge, Undecided)
    (failing,) = accuracy.solved_by("rnn")(trained(best=1.0)).values()
    assert failing == Trials(dict.fromkeys(range(4), (0, 2)))


def test_attention_is_compared_over_its_lags() -> None:
    near, far = (trained(LRS[1], case="transformer", lag=lag) for lag in (10, 40))
    pairs = accuracy.attention_far_and_near([*near, *far])
    assert isinstance(pairs, Pairs)
    assert pairs.treatment == pairs.baseline == pytest.approx(dict.fromkeys(range(4), 0.9))
    assert isinstance(accuracy.attention_far_and_near(near), Undecided)
