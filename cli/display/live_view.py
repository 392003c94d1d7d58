"""A run on a terminal: a bar per stage under way, the stages done on one line, the last rows as a small table."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table as RichTable
from rich.text import Text

from cli.display.formats import one_value, words
from cli.display.legible import legible
from cli.display.means import is_numeric, number
from cli.display.stages import Stage, Stages, clock_time, duration
from experiments.lab.experiment import Artifact, Figure, Headline, Progress, Row, kept
from experiments.lab.plan import Plan
from experiments.lab.sinks import Sink

ROWS = 5
HISTORY = 24
BAR_WIDTH = 24
BARS = 4
SPARKS = "▁▂▃▄▅▆▇█"


class LiveView(Sink):
    """Redraws itself a few times a second; notes and file names scroll above it, and it is gone when the run ends."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self.console = console
        self.clock = clock
        self.stages = Stages(clock)
        self.headline: Headline | None = None
        self.rows: deque[Row] = deque(maxlen=HISTORY)
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

    def start(self, plan: Plan) -> None:
        self.headline = plan.experiment.headline

    def row(self, part: str, row: Row) -> None:
        """Only rows of the headline are shown: others have other columns."""
        if self.headline is not None and part == self.headline.part.name and kept([row], self.headline.table.only):
            self.rows.append(row)

    def progress(self, progress: Progress) -> None:
        self.stages.update(progress)

    def note(self, text: str) -> None:
        self.console.print(Text(self._legible(text)))

    def figure(self, figure: Figure) -> None:
        self._print(f"figure {figure.name}")

    def artifact(self, artifact: Artifact) -> None:
        self._print(f"file {artifact.name}")

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
        """The last rows, with as many of the headline's columns as fit, and the recent course of each number."""
        rows = list(self.rows)[-max(1, min(ROWS, self.console.height - BARS - 6)) :]
        table = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="muted")
        lines: list[list[Text]] = [[] for _ in rows]
        trend: list[Text] = []
        room = self.console.width
        for name in self._columns():
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

    def _columns(self) -> tuple[str, ...]:
        if self.headline is None:
            return ()
        return tuple(dict.fromkeys((*self.headline.table.by, *self.headline.table.columns)))

    def _legible(self, text: str) -> str:
        return legible(text, self.console.options)

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


def _of(rows: Sequence[Row], name: str) -> list[object]:
    return [getattr(row, name) for row in rows]


def _count(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _latest(line: str, width: int) -> Text:
    """The line cut at its left, where the oldest stages stand."""
    text = line if len(line) < width else "..." + line[len(line) - width + 4 :]
    return Text(text, style="muted", no_wrap=True, overflow="crop")
