"""Statements tried instance by instance: the row of one trial, and the measures that a Theorem takes.

A *trial* is one instance of a statement: a random function for an identity, a random map for a law of pooling. A
statement without a control, an object that must fail the same check, decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TypeVar

from experiments.lab.experiment import Row, Table, observation
from experiments.lab.judge.measured import Instances


@observation
class TrialRow(Row):
    """One instance of a statement."""

    statement: str
    """The statement that was tried, in two or three words."""
    case: str
    """The kind of instance: a scheme, a rule, an arm."""
    error: float
    """How far the statement is off; 1 for a property that the instance lacks."""
    control_error: float = math.nan
    """How far an object is off that must fail the same check; NaN where the control is tried in rows of its own."""
    counterexample: str = ""
    """The instance in words, to be checked by hand."""


TRIALS = Table("Statements and their controls", by=("statement", "case"), columns=("error", "control_error"))
"""The table of a part that tries statements."""

R = TypeVar("R", bound=TrialRow)


def trials_of(rows: Sequence[R], statement: str, case: str | None = None) -> list[R]:
    """The trials of one statement, and of one kind of instance where it is given."""
    of_statement = [row for row in rows if row.statement == statement]
    return of_statement if case is None else [row for row in of_statement if row.case == case]


def tried(rows: Sequence[TrialRow], control: Sequence[float] | None = None, *, one_control: bool = False) -> Instances:
    """What a Theorem judges of these trials, with the worst as the counterexample.

    The control of every kind of instance must fail by itself: a check that is blind in one case proves nothing there.

    Args:
        rows: trials of one statement.
        control: errors of the control where the rows have none of their own.
        one_control: the control is one object that need not fail in every case, such as a formula that overflows.
    """
    worst = max(rows, key=attrgetter("error"), default=None)
    if control is None and one_control:
        control = [row.control_error for row in rows]
    return Instances(
        errors=[row.error for row in rows],
        control=_controls(rows) if control is None else control,
        counterexample=worst.counterexample or None if worst is not None else None,
    )


def _controls(rows: Sequence[TrialRow]) -> dict[str, list[float]]:
    return {f"the control of {case}": [row.control_error for row in of] for case, of in by_case(rows).items()}


def by_case(rows: Sequence[R]) -> dict[str, list[R]]:
    """The trials of each kind of instance."""
    found: dict[str, list[R]] = {}
    for row in rows:
        found.setdefault(row.case, []).append(row)
    return found


def instances(
    statement: str, case: str | None = None, *, one_control: bool = False
) -> Callable[[Sequence[TrialRow]], Instances]:
    """The measure of a Theorem on one statement."""
    return lambda rows: tried(trials_of(rows, statement, case), one_control=one_control)


def instances_by_case(statement: str, *, once: bool = False) -> Callable[[Sequence[TrialRow]], Mapping[str, Instances]]:
    """The measure of a Theorem per kind of instance; ``once`` for instances that are the same for every seed."""

    def measure(rows: Sequence[TrialRow]) -> Mapping[str, Instances]:
        chosen = trials_of(rows, statement)
        return {case: tried(of) for case, of in by_case(distinct(chosen) if once else chosen).items()}

    return measure


def distinct(rows: Sequence[R]) -> list[R]:
    """The trials that differ in more than their seed: instances without chance count once."""
    return list(
        {(row.statement, row.case, row.error, row.control_error, row.counterexample): row for row in rows}.values()
    )
