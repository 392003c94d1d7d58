"""A sweep in one table and one figure: what the experiment calls its result, for every point, the best marked.

The headline's rows of a job stay apart, since a mean over unlike rows says nothing: a job has a line for each of them.
Of rows that count steps the last of each seed stands. The best is sought among like lines of all jobs; where every job
has one line they are all alike, since what tells its row apart is then what the job chose.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cli.display.formats import STEPS, better, one_value, words
from cli.display.grid import Cell, Grid, GridColumn
from cli.display.means import Key, grouped, is_numeric, over_seeds
from cli.display.tables import best_of, key_column, value_column
from cli.screen import signs_text
from experiments.lab.experiment import Experiment, Row, Rows, Table, Trace


@dataclass(frozen=True, kw_only=True)
class SweepJob:
    """One job of a multirun."""

    number: int
    overrides: Mapping[str, str]
    """The keys that were set with this job's values, as typed."""
    status: str
    rows: Rows | None = None
    verdicts: Sequence[str] = ()


@dataclass(frozen=True)
class Line:
    """One line of the table: like rows of one job, over its seeds."""

    job: SweepJob
    key: Key
    """What the headline tells its rows apart by."""
    rows: Sequence[Row]
    is_first: bool
    """Of its job."""


class Sweep:
    """The jobs of a sweep with the lines that they have in the experiment's headline."""

    def __init__(self, experiment: Experiment[Any, Any], jobs: Sequence[SweepJob]) -> None:
        self.experiment, self.jobs = experiment, jobs
        self.view: Table = experiment.headline.table
        self.swept = _swept(jobs)
        self.by = [name for name in self.view.by if name not in STEPS and name not in self.swept]
        self.lines = [line for job in jobs for line in self._lines(job)]
        shown = [line.rows for line in self.lines]
        self.columns = [name for name in self.view.columns if any(shown)]
        directed = [name for name in self.columns if better(name) and self._is_numeric(name)]
        self.metric = next(iter(directed), next(filter(self._is_numeric, self.columns), None))
        """The column that is drawn, and by which the best is found."""

    def table(self) -> Grid:
        """One line per job and row of its headline."""
        best = self.best()
        keys = [key_column(key, [line.job.overrides.get(key) for line in self.lines]) for key in self.swept]
        by = [key_column(name, [self._named(line, name) for line in self.lines]) for name in self.by]
        values = [_marked(value_column(name, [line.rows for line in self.lines]), best) for name in self.columns]
        states = [line.job.status if line.is_first else "" for line in self.lines]
        verdicts = [signs_text(line.job.verdicts) if line.is_first else "" for line in self.lines]
        marks = ["best" if place in best else "" for place in range(len(self.lines))]
        texts = [("Status", states)] * any(job.status != "done" for job in self.jobs)
        texts += [("Verdicts", verdicts)] * any(verdicts) + [("", marks)] * bool(best)
        return Grid(
            title=f"{self.view.title}: {len(self.jobs)} jobs",
            keys=(*keys, *by),
            columns=(*values, *(_texts(header, cells) for header, cells in texts)),
            caption="mean over seeds; ± half width of the 95 % interval" if self._is_repeated() else "",
        )

    def best(self) -> set[int]:
        """The places of the best lines, one among those that are alike; none where no direction is known."""
        if self.metric is None:
            return set()
        found = set()
        kinds = [self._kind(line) for line in self.lines]
        for kind in dict.fromkeys(kinds):
            places = [place for place, line in enumerate(self.lines) if kinds[place] == kind and line.rows]
            means = {place: over_seeds(self.lines[place].rows, self.metric).value for place in places}
            top = best_of(self.metric, list(means.values()))
            found |= {place for place, value in means.items() if value == top}
        return found

    def best_line(self) -> str:
        """The best point in words, where there is one."""
        best = sorted(self.best())
        if len(best) != 1 or self.metric is None:
            return ""
        line = self.lines[best[0]]
        where = " ".join(f"{key}={line.job.overrides[key]}" for key in self.swept if key in line.job.overrides)
        of_what = ", ".join(one_value("", value) for value in self._kind(line))
        best_value = one_value(self.metric, self._value(line))
        return f"Best {words(self.metric).lower()}: {best_value} at {where}{f' ({of_what})' if of_what else ''}."

    def result(self) -> float:
        """The metric of the best of all lines, or of the first where no direction is known; NaN without a number."""
        values = [self._value(line) for line in self.lines if line.rows] if self.metric else []
        best = best_of(self.metric or "", values)
        return best if best is not None else next(iter(values), math.nan)

    def figure(self) -> Trace | None:
        """The metric over the first swept key that is a number; None where none is, or there is one point."""
        keys = sorted(self.swept, key=lambda key: key == "seed")  # a seed is no quantity: only where nothing else is
        x = next((key for key in keys if len(self._numbers(key)) > 1), None)
        if x is None or self.metric is None:
            return None
        points: dict[str, list[tuple[float, float]]] = {}
        for line in self.lines:
            if line.rows:
                points.setdefault(self._label(line, x), []).append((float(line.job.overrides[x]), self._value(line)))
        lines = [(label, sorted(pairs)) for label, pairs in points.items()]
        drawn = ((label, tuple(at for at, _ in pairs), tuple(value for _, value in pairs)) for label, pairs in lines)
        return Trace(name="sweep", x=x, y=self.metric, lines=tuple(drawn))

    def _lines(self, job: SweepJob) -> Iterator[Line]:
        rows = _last_steps(self.view, self.experiment.headline.rows(job.rows)) if job.rows else ()
        groups = grouped(rows, self.by) or {(): []}
        for place, (key, members) in enumerate(groups.items()):
            yield Line(job, key, members, is_first=place == 0)

    def _kind(self, line: Line) -> Key:
        """What a line has in common with those that it is compared with."""
        return () if len(self.lines) == len(self.jobs) else line.key

    def _named(self, line: Line, name: str) -> object:
        return line.key[self.by.index(name)] if line.key else None

    def _value(self, line: Line) -> float:
        return over_seeds(line.rows, self.metric or "").value

    def _label(self, line: Line, x: str) -> str:
        others = [f"{key}={line.job.overrides.get(key, '')}" for key in self.swept if key != x]
        return ", ".join([*others, *(one_value("", value) for value in self._kind(line))]) or words(self.metric or "")

    def _numbers(self, key: str) -> set[float]:
        """The values of a key; none where one is no number."""
        try:
            values = {float(job.overrides[key]) for job in self.jobs}
        except (KeyError, ValueError):
            return set()
        return values if all(map(math.isfinite, values)) else set()

    def _is_numeric(self, name: str) -> bool:
        return is_numeric(getattr(row, name) for line in self.lines for row in line.rows)

    def _is_repeated(self) -> bool:
        return any(len({row.seed for row in line.rows}) > 1 for line in self.lines)


def _swept(jobs: Sequence[SweepJob]) -> list[str]:
    """The keys that have several values; all where none has."""
    keys = list(dict.fromkeys(key for job in jobs for key in job.overrides))
    return [key for key in keys if len({job.overrides.get(key) for job in jobs}) > 1] or keys


def _last_steps(view: Table, rows: Sequence[Row]) -> Sequence[Row]:
    """Of rows that count steps the last of each seed among like ones."""
    step = next((name for name in view.by if name in STEPS), None)
    if step is None:
        return rows
    others = [name for name in view.by if name != step]
    groups = grouped(rows, (*others, "seed")).values()
    return [max(members, key=lambda row: getattr(row, step)) for members in groups]


def _marked(column: GridColumn, best: set[int]) -> GridColumn:
    """The column with the best lines standing out, and no others."""
    cells = (replace(cell, style="best" if place in best else "") for place, cell in enumerate(column.cells))
    return replace(column, cells=tuple(cells))


def _texts(header: str, texts: Sequence[str]) -> GridColumn:
    return GridColumn(header, tuple(Cell(text) for text in texts), is_number=False)
