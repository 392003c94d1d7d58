"""Live output: a fake clock, whole lines in a pipe, and the view on a terminal of fixed size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from pydantic.dataclasses import dataclass as parameters
from rich.console import Console

from cli.display.console import THEME, console_for
from cli.display.live import live, watched
from cli.display.live_lines import LiveLines, row_line
from cli.display.live_view import LiveView
from cli.display.stages import Stages
from experiments.lab.experiment import CHECKED, Artifact, Event, Experiment, Heatmap, Note, Progress, Row, Table


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    n: int = 10
    """Points."""


@dataclass(frozen=True, kw_only=True)
class EpochRow(Row):
    epoch: int
    train_loss: float
    note: str | None = None


def run(params: Params, seed: int) -> Iterator[Event]:
    yield EpochRow(epoch=1, train_loss=1.0)


VIEW = Table(title="Training", by=("epoch",), columns=("train_loss",))
EXPERIMENT: Experiment[Any, Any] = Experiment(params=Params, row=EpochRow, run=run, claims=(), tables=(VIEW,))


class Clock:
    """Seconds that pass only when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def terminal(width: int = 80, height: int = 24) -> Console:
    stream = StringIO()
    return Console(file=stream, force_terminal=True, width=width, height=height, theme=THEME, color_system=None)


def shown(view: LiveView, console: Console) -> list[str]:
    """The view's lines as they would be drawn."""
    with console.capture() as capture:
        console.print(view.render())
    return [line.rstrip() for line in capture.get().splitlines()]


def test_pipe_gets_one_plain_line_per_event() -> None:
    stream, clock = StringIO(), Clock()
    heatmap = Heatmap(name="h", title="", row_axis="", column_axis="", row_labels=(), column_labels=(), values=())
    with live(EXPERIMENT, console_for(stream, width=40), clock) as show:
        show(Note("precision 16 -> bf16 [cpu]"))
        show(Progress("build", 0, 4))
        clock.now = 2.5
        show(Progress("build", 4, 4))
        show(EpochRow(epoch=1, train_loss=0.123456789, note="two words"))
        show(heatmap)
        show(Artifact("model.pt", lambda path: None))
    assert stream.getvalue().splitlines() == [
        "precision 16 -> bf16 [cpu]",
        "build: begun",
        "build: done in 2.50 s",
        'seed=0 epoch=1 train_loss=0.123457 note="two words"',
        "figure h",
        "file model.pt",
    ]


def test_repeated_stages_are_told_at_most_every_ten_seconds() -> None:
    stream, clock = StringIO(), Clock()
    show = LiveLines(console_for(stream), clock)
    for second in range(25):
        clock.now = float(second)
        show(Progress("batches", 0, 2))
        show(Progress("batches", 2, 2))
    assert stream.getvalue().splitlines() == ["batches: begun", "batches: done in 0 s"] * 3


def test_long_stage_reports_how_far_it_is() -> None:
    stream, clock = StringIO(), Clock()
    show = LiveLines(console_for(stream), clock)
    for second in range(0, 21, 5):
        clock.now = float(second)
        show(Progress("build", second, 40))
    assert stream.getvalue().splitlines() == [
        "build: begun",
        "build: 25% after 10 s, about 30 s left",
        "build: 50% after 20 s, about 20 s left",
    ]


def test_row_line_leaves_out_what_is_none() -> None:
    assert row_line(EpochRow(epoch=2, train_loss=float("nan"), seed=3)) == "seed=3 epoch=2 train_loss=nan"


def test_row_line_cuts_long_text() -> None:
    line = row_line(EpochRow(epoch=2, train_loss=1.0, note="x" * 100))
    assert line == f"seed=0 epoch=2 train_loss=1 note={'x' * 37}..."


def test_view_shows_bars_done_stages_and_the_last_five_rows() -> None:
    console, clock = terminal(), Clock()
    view = LiveView(EXPERIMENT, console, clock)
    view(Progress("load", 0, 1))
    clock.now = 0.5
    view(Progress("load", 1, 1))
    view(Progress("train", 0, 10))
    clock.now = 3.5
    view(Progress("train", 3, 10))
    for epoch in range(1, 8):
        view(EpochRow(epoch=epoch, train_loss=1 / epoch))
    lines = shown(view, console)
    assert lines[0] == "done: load 500 ms"
    assert lines[1].split()[0] == "train"
    assert lines[1].endswith("3/10 3 s 7 s left")
    assert [line.split()[0] for line in lines[2:8]] == ["Epoch", "3", "4", "5", "6", "7"]
    assert lines[8].split() == ["▁▂▃▅▆▇█", "█▄▃▂▁▁▁"]


@pytest.mark.parametrize(("width", "height"), [(20, 10), (40, 24), (80, 24), (160, 50)])
def test_view_never_overflows(width: int, height: int) -> None:
    console, clock = terminal(width, height), Clock()
    view = LiveView(EXPERIMENT, console, clock)
    for stage in range(30):
        view(Progress(f"a stage with a rather long name {stage}", 1_000_000 - stage % 2, 1_000_000))
    for epoch in range(40):
        view(EpochRow(epoch=epoch, train_loss=epoch / 7))
    lines = shown(view, console)
    assert max(map(len, lines)) <= width
    assert len(lines) <= max(12, height - 2)


def test_view_leaves_a_summary_of_the_stages_when_it_ends() -> None:
    console, clock = terminal(), Clock()
    with live(EXPERIMENT, console, clock) as show:
        for _ in range(2):
            show(Progress("epoch", 0, 1))
            clock.now += 2.0
            show(Progress("epoch", 1, 1))
    stream = console.file
    assert isinstance(stream, StringIO)
    assert stream.getvalue().splitlines()[-1].endswith("4 s: epoch 2 times 4 s")


def test_nested_stages_end_one_by_one() -> None:
    clock = Clock()
    stages = Stages(clock)
    stages.update(Progress("outer", 0, 2))
    stages.update(Progress("inner", 0, 5))
    clock.now = 1.0
    stages.update(Progress("inner", 5, 5))
    assert list(stages.active) == ["outer"]
    assert stages.summary() == ["inner 1 s"]


def test_watched_passes_events_on() -> None:
    stream = StringIO()
    events = [Progress("fetch", 0, 3), "no event", Progress("fetch", 3, 3)]
    assert list(watched(events, console_for(stream))) == events
    assert stream.getvalue().splitlines()[0] == "fetch: begun"
