"""A small experiment of two parts for the tests of the lab; what it runs and answers can be replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from experiments.lab.experiment import (
    Artifact,
    Event,
    Experiment,
    Findings,
    Headline,
    Note,
    Part,
    Progress,
    Row,
    Rows,
    Setup,
    Table,
    observation,
    parameters,
    plain_setup,
)
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem
from experiments.lab.plan import Plan, Settings
from experiments.lab.sinks import Outcome, Status

ABOUT = """Does counting end?

Source: Peano: Arithmetices principia, 1889.
"""


@parameters
class Params:
    steps: int = 3
    """Rows to yield."""


@observation
class StepRow(Row):
    step: int


@observation
class SquareRow(Row):
    method: str
    square: float
    sizes: tuple[int, ...] = ()
    remark: str | None = None


Run = Callable[[Setup[Params]], Iterator[Event]]


def count(setup: Setup[Params]) -> Iterator[Event]:
    yield Note("counting")
    for step in range(setup.params.steps):
        yield Progress("count", step, setup.params.steps)
        yield StepRow(step=step)
    yield Artifact("steps.txt", lambda path: path.write_text(str(setup.params.steps)) and None)


def squares(setup: Setup[Params]) -> Iterator[SquareRow]:
    yield SquareRow(method="times", square=4.0 + setup.seed)


def steps(rows: Sequence[StepRow]) -> Instances:
    return Instances([row.step for row in rows], [11])


def answer(findings: Findings, rows: Rows) -> str:
    return f"{len(rows)} rows; small steps: {findings['steps_are_small'].verdict}."


CLAIM: Claim[Sequence[StepRow]] = Claim(
    "steps_are_small",
    statement="Steps are small.",
    rule=Theorem("a step", control="eleven", tolerance=10),
    measure=steps,
    topic="none",
    predicted="holds",
    source="Peano",
)


def experiment(
    run: Run = count,
    *,
    answer: Callable[[Findings, Rows], str] = answer,
    prepare: Callable[[Params, int], Setup[Params]] = plain_setup,
    square_row: type[Row] = SquareRow,
) -> Experiment[Params, Setup[Params]]:
    """The parts ``count``, which runs ``run``, and ``squares``."""
    counting: Part[Setup[Params], Any] = Part(name="count", row=StepRow, run=run, claims=(CLAIM,))
    squaring: Part[Setup[Params], Any] = Part(name="squares", row=square_row, run=squares)
    return Experiment(
        about=ABOUT,
        params=Params,
        prepare=prepare,
        parts=(counting, squaring),
        answer=answer,
        headline=Headline(part=counting, table=Table(title="Steps", by=("step",), columns=("step",))),
    )


def plan(of: Experiment[Any, Any] | None = None, *, steps: int = 3, smoke: bool = False, **settings: Any) -> Plan:
    """A plan of the experiment; by default of one seed and the part ``count`` alone."""
    settings = {"parts": ("count",), **settings}
    return Plan(
        study="lab.count",
        name="lab.count",
        experiment=of or experiment(),
        params=Params(steps=steps),
        settings=Settings(**settings),
        smoke=smoke,
        command=("mlnotes", "run", "lab.count"),
    )


def outcome(*rows: Row, status: Status, **how: Any) -> Outcome:
    """How a run of ``count`` ended."""
    return Outcome(plan=plan(), status=status, rows=Rows({"count": rows}), notes=(), figures=(), **how)
