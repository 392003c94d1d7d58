"""Tables over several runs: the jobs of a sweep, past records, two runs side by side."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.display.findings import verdict_counts
from cli.display.formats import NumberFormat, number_format, one_value, words
from cli.display.grid import Cell, Grid, GridColumn
from cli.display.means import Key, grouped, is_numeric, over_seeds
from cli.display.tables import key_column, value_column
from experiments.lab.experiment import Experiment, Row, Rows, Table, kept

STEPS = ("epoch", "step", "iteration")
"""Columns that count progress: of such rows a summary shows the last, of others the mean."""


@dataclass(frozen=True, kw_only=True)
class SweepJob:
    """One job of a multirun."""

    overrides: Mapping[str, object]
    """The swept keys with this job's values."""
    status: str
    rows: Rows | None = None
    verdicts: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """What the list of past runs shows of one."""

    id: str
    """Directory of the record: its time, study and four random letters."""
    status: str
    seeds: int
    seconds: float | None
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


def records_table(runs: Sequence[RunSummary]) -> Grid:
    """Past runs in the order given."""
    seconds = [math.nan if run.seconds is None else run.seconds for run in runs]
    cells = tuple(Cell(one_value("seconds", value)) for value in seconds)
    return Grid(
        title="Runs",
        keys=(_texts("Run", (run.id for run in runs)),),
        columns=(
            _texts("Status", (run.status for run in runs)),
            GridColumn("Seeds", tuple(Cell(str(run.seeds)) for run in runs)),
            GridColumn("Time", cells),
            _texts("Verdicts", (verdict_counts(run.verdicts) for run in runs)),
        ),
    )


def differing(first: Mapping[str, object], second: Mapping[str, object]) -> list[str]:
    """The keys whose values two runs do not share."""
    return [key for key in dict.fromkeys((*first, *second)) if first.get(key) != second.get(key)]


def settings_comparison(
    names: tuple[str, str], first: Mapping[str, object], second: Mapping[str, object], what: str = "Setting"
) -> Grid | None:
    """The settings, or whatever else ``what`` names, in which two runs differ; None where they do not."""
    keys = differing(first, second)
    if not keys:
        return None
    runs = (("First", first), ("Second", second))
    return Grid(
        title=f"{what}s that differ",
        keys=(_texts(what, keys),),
        columns=tuple(_texts(header, (_setting(run, key) for key in keys)) for header, run in runs),
        caption=f"first: {names[0]}; second: {names[1]}",
    )


def comparison_table(view: Table, names: tuple[str, str], first: Sequence[Row], second: Sequence[Row]) -> Grid | None:
    """One of the experiment's tables for two runs: per number the mean of each run and second minus first."""
    groups = [grouped(kept(rows, view.only), view.by) for rows in (first, second)]
    keys = list(dict.fromkeys((*groups[0], *groups[1])))
    numeric = [name for name in view.columns if is_numeric(_values(groups, name))]
    if not keys or not numeric:
        return None
    return Grid(
        title=view.title,
        keys=tuple(key_column(name, [key[index] for key in keys]) for index, name in enumerate(view.by)),
        columns=tuple(column for name in numeric for column in _difference(name, keys, groups)),
        caption=f"means over seeds; first: {names[0]}; second: {names[1]}; difference is second minus first",
    )


def _difference(name: str, keys: Sequence[Key], groups: Sequence[Mapping[Key, Sequence[Row]]]) -> Iterable[GridColumn]:
    first, second = ([over_seeds(run.get(key, ()), name).value for key in keys] for run in groups)
    style = number_format(name, [*first, *second])
    unit = f" ({style.unit})" if style.unit else ""
    yield GridColumn(f"{words(name)}{unit} first", tuple(Cell(style(value)) for value in first))
    yield GridColumn("second", tuple(Cell(style(value)) for value in second))
    changes = [after - before for before, after in zip(first, second, strict=True)]
    yield GridColumn("difference", tuple(Cell(_signed(change, style)) for change in changes))


def _signed(change: float, style: NumberFormat) -> str:
    """The change with its sign; what rounds to zero has none."""
    text = style(change).removeprefix("-")
    if math.isnan(change) or not set(text) & set("123456789"):
        return text
    return f"{'+' if change > 0 else '-'}{text}"


def _values(groups: Sequence[Mapping[Key, Sequence[Row]]], name: str) -> Iterable[object]:
    return (getattr(row, name) for run in groups for rows in run.values() for row in rows)


def _summary_rows(view: Table, wanted: Sequence[Row]) -> Sequence[Row]:
    """The rows that stand for a job: at the last step of each seed, or all where the table counts no steps."""
    step = next((name for name in view.by if name in STEPS), None)
    if step is None:
        return wanted
    last = {row.seed: max(getattr(other, step) for other in wanted if other.seed == row.seed) for row in wanted}
    return [row for row in wanted if getattr(row, step) == last[row.seed]]


def _setting(run: Mapping[str, object], key: str) -> str:
    return str(run[key]) if key in run else "–"


def _texts(header: str, texts: Iterable[str]) -> GridColumn:
    return GridColumn(header, tuple(Cell(text) for text in texts), is_number=False)
