"""How this family judges statements that are tried instance by instance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from experiments.foundation.statements import instances
from experiments.lab.judge.claims import Comparison


class Tried(instances.Tried, Protocol):
    """A row of one instance."""

    @property
    def arm(self) -> str: ...
    @property
    def value(self) -> float: ...


def judge_instances(
    rows: Sequence[Tried], tolerance: float = 0.0, control: Sequence[float] | None = None
) -> Comparison:
    """A theorem over the different instances: those without chance are the same for every seed."""
    distinct = {(row.arm, row.value, row.error, row.witness): row for row in rows}
    return instances.judge_instances(list(distinct.values()), tolerance, control)
