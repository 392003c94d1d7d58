"""A run that did not come to its end: what is said of it, and what is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from experiments.lab.experiment import Event, Experiment, Part, Setup
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Effect
from experiments.lab.partial import so_far
from experiments.lab.runner import execute
from experiments.lab.sinks import Outcome, Sink
from tests.lab import toy
from tests.lab.toy import Params, StepRow


def grows(rows: Sequence[StepRow]) -> Pairs:
    return Pairs.against(by_seed(rows, "step"), -1.0)


GROWS: Claim[Sequence[StepRow]] = Claim(
    "steps_grow", statement="Steps grow.", rule=Effect("step", delta=0.0), measure=grows, topic="none",
    predicted="holds", source="pilot",
)  # fmt: skip


def interrupted(in_seed: int) -> Outcome:
    """Three seeds of two rows, interrupted after the first row of one."""

    def observe(setup: Setup[Params]) -> Iterator[Event]:
        yield StepRow(step=setup.seed)
        if setup.seed == in_seed:
            raise KeyboardInterrupt
        yield StepRow(step=setup.seed + 1)

    experiment: Experiment[Params, Setup[Params]] = toy.experiment(observe)
    count: Part[Setup[Params], StepRow] = experiment.parts[0]
    parts = (replace(count, claims=(*count.claims, GROWS)), experiment.parts[1])
    ends: list[Outcome] = []

    class Ending(Sink):
        def end(self, outcome: Outcome) -> None:
            ends.append(outcome)

    with pytest.raises(KeyboardInterrupt):
        execute(toy.plan(replace(experiment, parts=parts), seeds=3), (Ending(),))
    return ends[0]


def test_whole_seeds_count_and_claims_over_seeds_are_not_judged() -> None:
    known = so_far(interrupted(in_seed=2))
    assert [row.seed for row in known.rows] == [0, 0, 1, 1]
    assert [(one.claim, one.verdict, one.summary) for one in known.findings][1:] == [
        ("steps_grow", "not judged", "interrupted")
    ]
    assert known.findings[0].verdict == "holds"
    assert known.answer == "4 rows; small steps: holds."


def test_before_the_first_seed_is_done_nothing_is_judged_or_answered() -> None:
    known = so_far(interrupted(in_seed=0))
    assert (len(known.rows), known.answer) == (0, "")
    assert {(one.verdict, one.summary) for one in known.findings} == {("not judged", "interrupted")}


def test_a_run_that_is_done_stays_as_it_is() -> None:
    outcome = execute(toy.plan())
    assert outcome is not None
    assert so_far(outcome) is outcome
