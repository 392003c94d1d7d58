"""Live output: a fake clock, whole lines in a pipe, and the view on a terminal of fixed size."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from cli.display.console import THEME, console_for
from cli.display.live import live, unknown, watched
from cli.display.live_lines import LiveLines
from cli.display.live_view import LiveView
from cli.display.stages import Stages
from experiments.lab.experiment import Artifact, Event, Heatmap, Note, Progress, Row, Table, observation
from tests.cli.display.shown import PART, outcome_of, plan_of, shown


@observation
class EpochRow(Row):
    epoch: int
    train_loss: float
    note: str | None = None


VIEW = Table(title="Training", by=("epoch",), columns=("train_loss",))
PLAN = plan_of(shown(EpochRow, VIEW))


class Clock:
    """Seconds that pass only when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def terminal(width: int = 80, height: int = 24) -> Console:
    stream = StringIO()
    return Console(file=stream, force_terminal=True, width=width, height=height, theme=THEME, color_system=None)


def drawn(view: LiveView, console: Console) -> list[str]:
    """The view's lines as they would be drawn."""
    with console.capture() as capture:
        console.print(view.render())
    return [line.rstrip() for line in capture.get().splitlines()]


def test_pipe_gets_one_plain_line_per_event_and_no_rows() -> None:
    stream, clock = StringIO(), Clock()
    heatmap = Heatmap(name="h", title="", row_axis="", column_axis="", row_labels=(), column_labels=(), values=())
    with live(console_for(stream, width=40), clock) as view:
        view.start(PLAN)
        view.note("precision 16 -> bf16 [cpu]")
        view.progress(Progress("build", 0, 4))
        clock.now = 2.5
        view.progress(Progress("build", 4, 4))
        view.row(PART, EpochRow(epoch=1, train_loss=0.123456789, note="two words"))
        view.figure(heatmap)
        view.artifact(Artifact("model.pt", lambda path: None))
        view.end(outcome_of(PLAN.experiment, [], answer="It shows."))
    assert stream.getvalue().splitlines() == [
        "precision 16 -> bf16 [cpu]",
        "build: begins",
        "build: done in 2.50 s",
        "file model.pt",
    ]


def test_repeated_stages_are_told_at_most_every_ten_seconds() -> None:
    stream, clock = StringIO(), Clock()
    lines = LiveLines(console_for(stream), clock, unknown)
    for second in range(25):
        clock.now = float(second)
        lines.progress(Progress("batches", 0, 2))
        lines.progress(Progress("batches", 2, 2))
    assert stream.getvalue().splitlines() == ["batches: begins", "batches: done in 0 s"] * 3


def test_long_stage_reports_how_far_it_is() -> None:
    stream, clock = StringIO(), Clock()
    lines = LiveLines(console_for(stream), clock, unknown)
    for second in range(0, 21, 5):
        clock.now = float(second)
        lines.progress(Progress("build", second, 40))
    assert stream.getvalue().splitlines() == [
        "build: begins",
        "build: 25% after 10 s, about 30 s left",
        "build: 50% after 20 s, about 20 s left",
    ]


def test_view_shows_the_whole_the_stages_and_the_metric_with_its_course() -> None:
    console, clock = terminal(), Clock()
    view = LiveView(console, clock, unknown)
    view.start(PLAN)
    view.progress(Progress("seed 0: load", 0, 1))
    clock.now = 0.5
    view.progress(Progress("seed 0: load", 1, 1))
    view.progress(Progress("seed 0: train", 0, 10))
    clock.now = 3.5
    view.progress(Progress("seed 0: train", 3, 10))
    for epoch in range(1, 8):
        view.row(PART, EpochRow(epoch=epoch, train_loss=1 / epoch))
    lines = drawn(view, console)
    assert lines[0].startswith("seed 1 of 1")
    assert lines[0].endswith("0% 4 s")
    assert lines[1].split()[0] == "train"
    assert lines[1].endswith("3/10 3 s 7 s left")
    assert lines[2] == "done: load 500 ms"
    assert [line.split() for line in lines[3:]] == [["Train", "loss"], ["0.1429", "█▄▃▂▁▁▁"]]


def test_the_time_left_is_told_by_the_seeds_that_are_done() -> None:
    console, clock = terminal(), Clock()
    view = LiveView(console, clock, unknown)
    view.start(plan_of(shown(EpochRow, VIEW), seeds=5))
    clock.now = 10.0
    view.seed_done(0)
    clock.now = 20.0
    view.seed_done(1)
    clock.now = 24.0
    (line,) = drawn(view, console)
    assert line.startswith("seed 3 of 5")
    assert line.endswith("48% 24 s 26 s left")


def test_before_a_seed_is_done_the_time_left_is_as_the_run_took_before() -> None:
    console, clock = terminal(), Clock()
    view = LiveView(console, clock, lambda plan: 40.0)
    view.start(PLAN)
    clock.now = 10.0
    assert drawn(view, console)[0].endswith("25% 10 s 30 s left")
    clock.now = 50.0
    assert drawn(view, console)[0].endswith("100% 50 s 0 s left")


def test_a_pipe_is_told_of_seeds_and_the_time_left() -> None:
    stream, clock = StringIO(), Clock()
    lines = LiveLines(console_for(stream), clock, unknown)
    lines.start(plan_of(shown(EpochRow, VIEW), seeds=3))
    for seed in range(3):
        clock.now += 12.0
        lines.seed_done(seed)
    assert stream.getvalue().splitlines() == [
        "1 of 3 seeds after 12 s, about 24 s left",
        "2 of 3 seeds after 24 s, about 12 s left",
    ]


def test_of_several_groups_each_has_its_own_course() -> None:
    console, clock = terminal(), Clock()
    by_note = Table(title="Training", by=("note", "epoch"), columns=("train_loss",))
    view = LiveView(console, clock, unknown)
    view.start(plan_of(shown(EpochRow, by_note)))
    for epoch in range(3):
        for note in ("adam", "sgd"):
            view.row(PART, EpochRow(epoch=epoch, train_loss=float(epoch) if note == "adam" else 9.0, note=note))
    assert [line.split() for line in drawn(view, console)[1:]] == [
        ["Train", "loss"],
        ["adam", "2", "▁▅█"],
        ["sgd", "9"],
    ]


@pytest.mark.parametrize(("width", "height"), [(20, 10), (40, 24), (80, 24), (160, 50)])
def test_view_never_overflows(width: int, height: int) -> None:
    console, clock = terminal(width, height), Clock()
    view = LiveView(console, clock, unknown)
    view.start(PLAN)
    for stage in range(30):
        view.progress(Progress(f"a stage with a rather long name {stage}", 1_000_000 - stage % 2, 1_000_000))
    for epoch in range(40):
        view.row(PART, EpochRow(epoch=epoch, train_loss=epoch / 7))
    lines = drawn(view, console)
    assert max(map(len, lines)) <= width
    assert len(lines) <= max(12, height - 2)


def test_view_leaves_a_summary_of_the_stages_when_it_ends() -> None:
    console, clock = terminal(), Clock()
    with live(console, clock) as view:
        for _ in range(2):
            view.progress(Progress("epoch", 0, 1))
            clock.now += 2.0
            view.progress(Progress("epoch", 1, 1))
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


def test_what_is_left_of_a_seed_ends_with_it_and_stages_are_summed_over_seeds() -> None:
    clock = Clock()
    stages = Stages(clock)
    for seed in range(2):
        stages.update(Progress(f"seed {seed}: build", 0, 5))
        clock.now += 1.0
        stages.update(Progress(f"seed {seed}: build", 4, 5))
        stages.seed_done(seed)
    assert list(stages.active) == []
    assert stages.summary() == ["build 2 times 2 s"]


def test_what_a_stage_remarks_makes_no_new_stage() -> None:
    stream, clock = StringIO(), Clock()
    lines = LiveLines(console_for(stream), clock, unknown)
    for second in range(12):
        clock.now = float(second)
        lines.progress(Progress(f"seed 0: epoch 1 of 5, loss {2.3 - second / 10:.4f}", second, 20))
    assert stream.getvalue().splitlines() == [
        "seed 0: epoch 1 of 5: begins",
        "seed 0: epoch 1 of 5, loss 1.3000: 50% after 10 s, about 10 s left",
    ]
    assert list(lines.stages.active) == ["seed 0: epoch 1 of 5"]


def test_a_stage_of_every_seed_is_not_told_anew_at_once() -> None:
    stream, clock = StringIO(), Clock()
    lines = LiveLines(console_for(stream), clock, unknown)
    for seed in range(12):
        clock.now = float(seed)
        lines.progress(Progress(f"seed {seed}: chains", 0, 2))
    assert stream.getvalue().splitlines() == ["seed 0: chains: begins", "seed 10: chains: begins"]


def test_watched_passes_events_on() -> None:
    stream = StringIO()
    events: list[Event] = [Progress("fetch", 0, 3), Note("from a mirror"), Progress("fetch", 3, 3)]
    assert list(watched(events, console_for(stream))) == events
    assert stream.getvalue().splitlines()[:2] == ["fetch: begins", "from a mirror"]


def test_view_shows_rows_of_the_headline_alone() -> None:
    console, clock = terminal(), Clock()
    late = Table(title="Late", by=("epoch",), columns=("train_loss",), only={"epoch": (2, 3)})
    view = LiveView(console, clock, unknown)
    view.start(plan_of(shown(EpochRow, VIEW, headline=late)))
    for epoch in range(1, 5):
        view.row(PART, EpochRow(epoch=epoch, train_loss=1.0 / epoch))
    view.row("other", EpochRow(epoch=2, train_loss=9.0))
    assert [line.split() for line in drawn(view, console)[1:]] == [["Train", "loss"], ["0.3333", "█▁"]]


def test_labels_from_data_are_safe() -> None:
    console, clock = terminal(), Clock()
    view = LiveView(console, clock, unknown)
    view.start(plan_of(shown(EpochRow, Table(title="", by=("note",), columns=("train_loss",)))))
    view.row(PART, EpochRow(epoch=1, train_loss=1.0, note="a\x1b[2Jb"))
    assert drawn(view, console)[-1].startswith("a?[2Jb")


def test_view_before_the_first_event_says_how_long_it_runs() -> None:
    console, clock = terminal(), Clock()
    view = LiveView(console, clock, unknown)
    clock.now = 65.0
    assert drawn(view, console)[0].endswith("0% 1:05")
