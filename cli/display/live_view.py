"""A run on a terminal: a bar per stage under way, the stages done on one line, the last rows as a small table."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table as RichTable
from rich.text import Text

from cli.display.console import ascii_text
from cli.display.formats import one_value, words
from cli.display.means import is_numeric, number
from cli.display.stages import Stage, Stages, clock_time, duration
from experiments.lab.experiment import Artifact, Experiment, Figure, Note, Progress, Row

ROWS = 5
HISTORY = 24
BAR_WIDTH = 24
BARS = 4
SPARKS = "▁▂▃▄▅▆▇█"


class LiveView:
    """Redraws itself a few times a second; notes and file names scroll above it, and it is gone when the run ends."""

    def __init__(self, experiment: Experiment[Any, Any] | None, console: Console, clock: Callable[[], float]) -> None:
        self.console = console
        self.clock = clock
        self.stages = Stages(clock)
        self.columns = _columns(experiment)
        self.rows: deque[Row] = deque(maxlen=HISTORY)
        self.count = 0
        self._begun = clock()
        self._live = Live(
            get_renderable=self.render,
            console=console,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,
            vertical_overflow="crop",
        )

    def __enter__(self) -> LiveView:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        if done := self.stages.summary():
            self._print(f"{duration(self.clock() - self._begun)}: {', '.join(done)}")

    def __call__(self, event: object) -> None:
        if isinstance(event, Row):
            self.rows.append(event)
            self.count += 1
        elif isinstance(event, Progress):
            self.stages.update(event)
        elif isinstance(event, Note):
            self.console.print(Text(self._legible(event.text)))
        elif isinstance(event, Figure):
            self._print(f"figure {event.name}")
        elif isinstance(event, Artifact):
            self._print(f"file {event.name}")

    def render(self) -> Group:
        """The whole view as it is now: at most four bars, one line of stages done and five rows."""
        parts: list[RichTable | Text] = []
        if done := self.stages.summary():
            parts.append(_latest(f"done: {', '.join(done)}", self.console.width))
        if active := list(self.stages.active.values())[-BARS:]:
            parts.append(self._bars(active))
        if self.rows:
            parts.append(self._table())
        if not parts:
            parts.append(Text(f"running, {clock_time(self.clock() - self._begun)}", style="muted"))
        return Group(*parts)

    def _bars(self, active: Sequence[Stage]) -> RichTable:
        """Name, bar, count, elapsed and remaining; the name gives way where the terminal is narrow."""
        bars = RichTable.grid(padding=(0, 1, 0, 0))
        bars.add_column(no_wrap=True, overflow="ellipsis", max_width=max(8, self.console.width - BAR_WIDTH - 32))
        bars.add_column(width=min(BAR_WIDTH, max(5, self.console.width - 40)))
        for _ in range(3):
            bars.add_column(no_wrap=True, justify="right")
        now = self.clock()
        for stage in active:
            remaining = stage.remaining(now)
            bars.add_row(
                self._legible(stage.name),
                ProgressBar(total=max(stage.total, 1e-9), completed=stage.done),
                f"{_count(stage.done)}/{_count(stage.total)}",
                Text(clock_time(now - stage.begun), style="muted"),
                Text("" if remaining is None else f"{clock_time(remaining)} left", style="accent"),
            )
        return bars

    def _table(self) -> RichTable:
        """The last rows, with as many of the first table's columns as fit, and the recent course of each number."""
        rows = list(self.rows)[-max(1, min(ROWS, self.console.height - BARS - 6)) :]
        table = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="muted")
        lines: list[list[Text]] = [[] for _ in rows]
        trend: list[Text] = []
        room = self.console.width
        for name in self.columns:
            values = [one_value(name, getattr(row, name)) for row in rows]
            spark = "" if self.console.options.ascii_only else sparkline([getattr(row, name) for row in self.rows])
            texts = [self._legible(text) for text in (words(name), *values, spark)]
            room -= max(map(len, texts)) + 2
            if room < 0:
                break
            table.add_column(texts[0], no_wrap=True, justify="right" if is_numeric(_of(rows, name)) else "left")
            for line, text in zip(lines, texts[1:-1], strict=True):
                line.append(Text(text))
            trend.append(Text(texts[-1], style="accent"))
        for line in lines:
            table.add_row(*line)
        if any(text.plain for text in trend):
            table.add_row(*trend)
        return table

    def _legible(self, text: str) -> str:
        return ascii_text(text) if self.console.options.ascii_only else text

    def _print(self, line: str) -> None:
        self.console.print(Text(self._legible(line), style="muted"))


def sparkline(values: Sequence[object]) -> str:
    """The course of a column as eighth blocks; empty where it is no number or does not change.

    >>> sparkline([0, 1, 2, 3]), sparkline([1, 1]), sparkline(["a", "b"])
    ('▁▃▆█', '', '')
    """
    numbers = [number(value) for value in values] if is_numeric(values) else []
    finite = [value for value in numbers if math.isfinite(value)]
    if len(set(finite)) < 2:
        return ""
    low, high = min(finite), max(finite)
    heights = ((value - low) / (high - low) if math.isfinite(value) else None for value in numbers)
    return "".join(" " if height is None else SPARKS[round(height * (len(SPARKS) - 1))] for height in heights)


def _columns(experiment: Experiment[Any, Any] | None) -> tuple[str, ...]:
    if experiment is None or not experiment.tables:
        return ()
    first = experiment.tables[0]
    return tuple(dict.fromkeys((*first.by, *first.columns)))


def _of(rows: Sequence[Row], name: str) -> list[object]:
    return [getattr(row, name) for row in rows]


def _count(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _latest(line: str, width: int) -> Text:
    """The line cut at its left, where the oldest stages stand."""
    text = line if len(line) < width else "..." + line[len(line) - width + 4 :]
    return Text(text, style="muted", no_wrap=True, overflow="crop")
