"""What can be shown of a run besides its ending."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import RenderableType

from cli.display.curves import curves
from cli.display.findings import findings_list
from cli.display.tables import all_tables
from experiments.lab.partial import so_far
from experiments.lab.sinks import Outcome


@dataclass(frozen=True, kw_only=True)
class Sections:
    """What is shown of a run; its ending where nothing is chosen."""

    tables: bool = False
    curves: bool = False
    claims: bool = False

    def __bool__(self) -> bool:
        return self.tables or self.curves or self.claims

    def of(self, outcome: Outcome) -> Iterator[RenderableType]:
        """The chosen sections, each with an empty line after its parts."""
        experiment = outcome.plan.experiment
        if self.tables:
            yield from all_tables(experiment, outcome.rows)
        if self.curves:
            yield from curves(experiment, outcome.rows, outcome.figures)
        if self.claims:
            yield findings_list(so_far(outcome).findings)


ALL = Sections(tables=True, curves=True, claims=True)
