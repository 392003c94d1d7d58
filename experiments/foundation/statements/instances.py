"""Statements tried instance by instance: the row of one instance and the theorem over them.

For experiments whose claims are identities and laws; others have rows and judgements of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from experiments.lab.experiment import Row
from experiments.lab.judge.claims import Comparison, theorem

NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class InstanceRow(Row):
    """One instance of a statement, or one measurement beside it."""

    part: str
    """The statement that was tried, in two or three words."""
    case: str
    """The kind of instance: a scheme, a rule, an arm."""
    error: float = NAN
    """How far the statement is off; 1 for a property that the instance lacks."""
    control_error: float = NAN
    """How far an object is off that must fail the same check."""
    witness: str = ""
    """The instance in words, to be checked by hand."""


class Tried(Protocol):
    """What a row needs to be judged as an instance."""

    @property
    def error(self) -> float: ...
    @property
    def control_error(self) -> float: ...
    @property
    def witness(self) -> str: ...


R = TypeVar("R", bound=InstanceRow)


def select(rows: Sequence[R], part: str, case: str | None = None) -> list[R]:
    """The rows of one statement, and of one kind of instance where it is given."""
    return [row for row in rows if row.part == part and case in (None, row.case)]


def judge_instances(
    rows: Sequence[Tried], tolerance: float = 0.0, control: Sequence[float] | None = None
) -> Comparison:
    """A theorem over the rows and their controls, with the worst instance as the counterexample."""
    worst = max(rows, key=lambda row: row.error, default=None)
    return theorem(
        [row.error for row in rows],
        tolerance=tolerance,
        control=[row.control_error for row in rows] if control is None else control,
        counterexample=worst.witness if worst is not None and worst.witness else None,
    )
