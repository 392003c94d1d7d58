"""The table of a sweep: one line per job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.display.findings import verdict_counts
from cli.display.formats import STEPS
from cli.display.grid import Cell, Grid, GridColumn
from cli.display.tables import key_column, value_column
from experiments.lab.experiment import Experiment, Row, Rows, Table


@dataclass(frozen=True, kw_only=True)
class SweepJob:
    """One job of a multirun."""

    overrides: Mapping[str, object]
    """The swept keys with this job's values."""
    status: str
    rows: Rows | None = None
    verdicts: Sequence[str] = ()


def sweep_table(experiment: Experiment[Any, Any], jobs: Sequence[SweepJob]) -> Grid:
    """One line per job: overrides, status, the headline's columns and the verdicts."""
    keys = list(dict.fromkeys(key for job in jobs for key in job.overrides))
    view = experiment.headline.table
    rows = [_summary_rows(view, experiment.headline.rows(job.rows) if job.rows else ()) for job in jobs]
    judged = [verdict_counts(job.verdicts) for job in jobs]
    columns = [value_column(name, rows) for name in view.columns if any(rows)]
    shown = "last rows" if any(name in STEPS for name in view.by) else "mean over rows"
    return Grid(
        title=f"Sweep of {len(jobs)} jobs",
        keys=tuple(key_column(key, [job.overrides.get(key) for job in jobs]) for key in keys),
        columns=(_texts("Status", (job.status for job in jobs)), *columns, _texts("Verdicts", judged)),
        caption=f"{view.title}, {shown}; ± half width of the 95 % interval over seeds",
    )


def _summary_rows(view: Table, wanted: Sequence[Row]) -> Sequence[Row]:
    """The rows that stand for a job: at the last step of each seed, or all where the table counts no steps."""
    step = next((name for name in view.by if name in STEPS), None)
    if step is None:
        return wanted
    last = {row.seed: max(getattr(other, step) for other in wanted if other.seed == row.seed) for row in wanted}
    return [row for row in wanted if getattr(row, step) == last[row.seed]]


def _texts(header: str, texts: Iterable[str]) -> GridColumn:
    return GridColumn(header, tuple(Cell(text) for text in texts), is_number=False)
