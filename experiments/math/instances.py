"""The row and the judgement that the experiments of this family share: statements tried instance by instance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from experiments.lab.claims import Comparison, theorem
from experiments.lab.experiment import Row as LabRow

if TYPE_CHECKING:
    from experiments.math.core.trial import Trial

NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class InstanceRow(LabRow):
    part: str
    """The statement that was tried, in two or three words."""
    case: str
    """The kind of instance: a scheme, a rule, a norm, a function."""
    trial: int = 0
    error: float = NAN
    """How far the statement is off; 1 for a property that the instance lacks."""
    control_error: float = NAN
    """How far an object is off that must fail the same check."""
    witness: str = ""
    """The instance in words, to be checked by hand."""


R = TypeVar("R", bound=InstanceRow)


def row_of(row: type[R], tried: Trial, trial: int = 0) -> R:
    """A row of the experiment's own type from one trial of the core."""
    values: dict[str, Any] = asdict(tried)
    return row(**values, trial=trial)


def select(rows: Sequence[R], part: str, case: str | None = None) -> list[R]:
    """The rows of one statement, and of one kind of instance where it is given."""
    return [row for row in rows if row.part == part and case in (None, row.case)]


def judge_instances(rows: Sequence[InstanceRow], tolerance: float = 0.0) -> Comparison:
    """A theorem over the rows, their controls, and the worst instance as the counterexample."""
    worst = max(rows, key=lambda row: row.error, default=None)
    return theorem(
        [row.error for row in rows],
        tolerance=tolerance,
        control=[row.control_error for row in rows],
        counterexample=worst.witness if worst is not None and worst.witness else None,
    )
