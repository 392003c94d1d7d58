"""A run on a terminal: one bar for the whole with the time left, the stages under way, and the headline's metric.

Of the metric the last values are shown, each beside what it is the value of, with its course: over the epochs of one
network, say, never over unlike rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table as RichTable
from rich.text import Text

from cli.display.formats import STEPS, one_value, words
from cli.display.legible import legible
from cli.display.means import is_numeric, number
from cli.display.stages import Pace, Stages, clock_time, duration, without_seed
from experiments.lab.experiment import Artifact, Headline, Progress, Row, kept
from experiments.lab.plan import Plan
from experiments.lab.sinks import Looked, Sink

GROUPS = 5
HISTORY = 24
BAR_WIDTH = 24
BARS = 3
SPARKS = "▁▂▃▄▅▆▇█"


class LiveView(Sink):
    """Redraws itself a few times a second; notes and file names scroll above it, and it is gone when the run ends."""

    def __init__(self, console: Console, clock: Callable[[], float], usual: Callable[[Plan], float | None]) -> None:
        self.console = console
        self.clock = clock
        self.usual = usual
        self.stages = Stages(clock)
        self.pace = Pace(clock, clock())
        self.headline: Headline | None = None
        self.metric: dict[str, list[object]] = {}
        """Of what -> its values in the order in which they came, the latest group last."""
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
            self.console.print(_latest(f"{duration(self.pace.elapsed)}: {', '.join(done)}", self.console.width))

    def start(self, plan: Plan) -> None:
        self.headline = plan.experiment.headline
        self.pace.seeds, self.pace.usual = len(plan.seeds), self.usual(plan)

    def row(self, part: str, row: Row) -> None:
        """Only rows of the headline are shown: others have other columns."""
        if self.headline is None or part != self.headline.part.name or not kept([row], self.headline.table.only):
            return
        keys = [name for name in self.headline.table.by if name not in STEPS]
        label = self._legible(", ".join(one_value(name, getattr(row, name)) for name in keys))
        values = self.metric.pop(label, [])
        self.metric[label] = [*values, getattr(row, self._column())][-HISTORY:]

    def progress(self, progress: Progress) -> None:
        self.stages.update(progress)

    def seed_done(self, seed: int) -> None:
        self.pace.seed_done()
        self.stages.seed_done(seed)

    def look(self, looked: Looked) -> None:
        self.pace.seeds = looked.then or self.pace.seeds
        self.note(looked.text)

    def note(self, text: str) -> None:
        self.console.print(Text(self._legible(text)))

    def artifact(self, artifact: Artifact) -> None:
        self.console.print(Text(self._legible(f"file {artifact.name}"), style="muted"))

    def render(self) -> Group:
        """The whole view as it is now: the run's bar, at most three stages, one line of stages done, five values."""
        parts: list[RichTable | Text] = [self._bars()]
        if done := self.stages.summary():
            parts.append(_latest(f"done: {', '.join(done)}", self.console.width))
        if self.metric:
            parts.append(self._values())
        return Group(*parts)

    def _bars(self) -> RichTable:
        """What, bar, how much, elapsed and remaining; the name gives way where the terminal is narrow."""
        bars = RichTable.grid(padding=(0, 1, 0, 0))
        bars.add_column(no_wrap=True, overflow="ellipsis", max_width=max(8, self.console.width - BAR_WIDTH - 32))
        bars.add_column(width=min(BAR_WIDTH, max(5, self.console.width - 40)))
        for _ in range(3):
            bars.add_column(no_wrap=True, justify="right")
        pace, now = self.pace, self.clock()
        bars.add_row(
            Text(pace.text, style="bold"),
            ProgressBar(total=1.0, completed=pace.share),
            f"{pace.share:.0%}",
            Text(clock_time(pace.elapsed), style="muted"),
            _left(pace.remaining),
        )
        for stage in list(self.stages.active.values())[-BARS:]:
            bars.add_row(
                self._legible(without_seed(stage.shown)),
                ProgressBar(total=max(stage.total, 1e-9), completed=stage.done),
                f"{_count(stage.done)}/{_count(stage.total)}",
                Text(clock_time(now - stage.begun), style="muted"),
                _left(stage.remaining(now)),
            )
        return bars

    def _values(self) -> RichTable:
        """The metric's name, then of the latest groups the last value and its course."""
        column = self._column()
        table = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="muted")
        table.add_column("", no_wrap=True, overflow="ellipsis", max_width=max(8, self.console.width - HISTORY - 16))
        table.add_column(self._legible(words(column)), no_wrap=True, justify="right")
        table.add_column("", no_wrap=True)
        room = max(1, min(GROUPS, self.console.height - BARS - 6))
        for label, values in list(self.metric.items())[-room:]:
            last = self._legible(one_value(column, values[-1]))  # type: ignore[arg-type]
            course = "" if self.console.options.ascii_only else sparkline(values)
            table.add_row(Text(label), Text(last), Text(course, style="accent"))
        return table

    def _column(self) -> str:
        """The column of the headline that is followed: its first."""
        assert self.headline is not None, "the run has not started"
        return self.headline.table.columns[0]

    def _legible(self, text: str) -> str:
        return legible(text, self.console.options)


def _left(seconds: float | None) -> Text:
    return Text("" if seconds is None else f"{clock_time(seconds)} left", style="accent")


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


def _count(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _latest(line: str, width: int) -> Text:
    """The line cut at its left, where the oldest stages stand."""
    text = line if len(line) < width else "..." + line[len(line) - width + 4 :]
    return Text(text, style="muted", no_wrap=True, overflow="crop")
