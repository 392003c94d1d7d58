"""Rows of this family, made from the trials of its core."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from experiments.foundation.statements import instances

if TYPE_CHECKING:
    from experiments.foundation.statements.trial import Trial


@dataclass(frozen=True, kw_only=True)
class InstanceRow(instances.InstanceRow):
    trial: int = 0


R = TypeVar("R", bound=InstanceRow)


def row_of(row: type[R], tried: Trial, trial: int = 0) -> R:
    """A row of the experiment's own type from one trial of the core."""
    values: dict[str, Any] = asdict(tried)
    return row(**values, trial=trial)
