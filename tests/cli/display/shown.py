"""An experiment of one part, to be shown; it is never run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiments.lab.experiment import (
    Curve,
    Experiment,
    Headline,
    Part,
    Row,
    Rows,
    Setup,
    Table,
    parameters,
    plain_setup,
)
from experiments.lab.judge.claims import Claim
from experiments.lab.plan import Plan, Settings
from experiments.lab.sinks import Outcome

PART = "part"


@parameters
class Params:
    n: int = 10
    """Points."""


def shown(
    row: type[Row],
    *tables: Table,
    curves: tuple[Curve, ...] = (),
    headline: Table | None = None,
    claims: tuple[Claim[Any], ...] = (),
) -> Experiment[Params, Setup[Params]]:
    """The headline is the first table, unless another one is given."""
    part: Part[Setup[Params], Any] = Part(
        name=PART, row=row, run=lambda setup: iter(()), claims=claims, tables=tables, curves=curves
    )
    first = headline or (tables[0] if tables else Table(title="", by=(), columns=()))
    return Experiment(
        about="Does it show?\n\nSource: none.\n",
        params=Params,
        prepare=plain_setup,
        parts=(part,),
        answer=lambda findings, rows: "It shows.",
        headline=Headline(part=part, table=first),
    )


def rows_of(rows: Sequence[Row]) -> Rows:
    """The rows of the one part."""
    return Rows({PART: tuple(rows)})


def plan_of(experiment: Experiment[Any, Any], *, smoke: bool = False, seeds: int = 1) -> Plan:
    return Plan(
        study="toys.shown",
        name="toys.shown",
        experiment=experiment,
        params=Params(),
        settings=Settings(seeds=seeds),
        smoke=smoke,
    )


def outcome_of(experiment: Experiment[Any, Any], rows: Sequence[Row], *, answer: str, smoke: bool = False) -> Outcome:
    """A run that came to its end."""
    return Outcome(
        plan=plan_of(experiment, smoke=smoke),
        status="done",
        rows=rows_of(rows),
        notes=(),
        figures=(),
        answer=answer,
    )
