"""The runner on a small experiment of its own: what sinks are told, how a run ends, and what is never lost."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments.lab.errors import InputError
from experiments.lab.experiment import Artifact, Event, Figure, Findings, Note, Progress, Row, Rows, Setup, Trace
from experiments.lab.plan import Plan
from experiments.lab.record import Record, records
from experiments.lab.recording import Recording
from experiments.lab.runner import execute
from experiments.lab.sinks import Outcome, Sink
from tests.lab import toy
from tests.lab.toy import Params, SquareRow, StepRow


class Counting(Sink):
    """A new sink is one class: this one counts events, and keeps what it is told in order."""

    def __init__(self, name: str = "", told: list[str] | None = None) -> None:
        self.name = name
        self.told = [] if told is None else told
        self.counts: Counter[str] = Counter()
        self.outcome: Outcome | None = None

    def start(self, plan: Plan) -> None:
        self._count("start")

    def row(self, part: str, row: Row) -> None:
        self._count(f"row of {part}")

    def progress(self, progress: Progress) -> None:
        self._count("progress")

    def note(self, text: str) -> None:
        self._count("note")

    def figure(self, figure: Figure) -> None:
        self._count("figure")

    def artifact(self, artifact: Artifact) -> None:
        self._count("artifact")

    def end(self, outcome: Outcome) -> None:
        self._count(f"end {outcome.status}")
        self.outcome = outcome

    def _count(self, what: str) -> None:
        self.counts[what] += 1
        self.told.append(f"{self.name}{what}")


TRACE = Trace(name="loss", x="step", y="loss", lines=(("run", (0.0,), (1.0,)),))


def run(plan: Plan, home: Path) -> tuple[Outcome, Record]:
    recording = Recording(home=home)
    outcome = execute(plan, (recording,))
    assert outcome is not None
    assert recording.record is not None
    return outcome, recording.record


def test_a_run_is_recorded_judged_and_answered(tmp_path: Path) -> None:
    plan = toy.plan(seeds=2)
    outcome, record = run(plan, tmp_path)
    rows = [row for row in outcome.rows if isinstance(row, StepRow)]
    assert [(row.seed, row.step) for row in rows] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert record.typed_rows(plan.experiment).by_part == outcome.rows.by_part
    assert [finding.verdict for finding in outcome.findings] == ["holds"]
    assert [finding["verdict"] for finding in record.findings()] == ["holds"]
    assert (outcome.status, record.status) == ("done", "done")
    assert outcome.answer == record.meta["answer"] == "6 rows; small steps: holds."
    assert outcome.notes == ("counting",)
    assert record.meta["notes"] == ["counting"]
    assert (record.path / "steps.txt").read_text() == "3"
    assert (record.path / "seed-1-steps.txt").exists()
    assert outcome.seconds == record.meta["seconds"] > 0


def test_a_sink_is_one_class_and_hears_every_event() -> None:
    def observe(setup: Setup[Params]) -> Iterator[Event]:
        yield from toy.count(setup)
        yield TRACE

    sink = Counting()
    outcome = execute(toy.plan(toy.experiment(observe), parts=None), (sink,))
    assert sink.counts == {
        "start": 1, "row of count": 3, "row of squares": 1, "progress": 3, "note": 1, "figure": 1, "artifact": 1,
        "end done": 1,
    }  # fmt: skip
    assert sink.outcome is outcome


def test_sinks_are_told_in_their_order_event_by_event() -> None:
    told: list[str] = []
    execute(toy.plan(steps=1), (Counting("a ", told), Counting("b ", told)))
    events = ["start", "note", "progress", "row of count", "artifact", "end done"]
    assert told == [f"{name} {event}" for event in events for name in "ab"]


def test_a_run_without_sinks_is_observed_and_judged() -> None:
    outcome = execute(toy.plan())
    assert outcome is not None
    assert (len(outcome.rows), outcome.findings[0].verdict) == (3, "holds")


def test_of_further_seeds_progress_and_artifacts_bear_the_seed_and_figures_and_notes_are_not_repeated() -> None:
    def observe(setup: Setup[Params]) -> Iterator[Event]:
        yield from toy.count(setup)
        yield TRACE
        yield Note(f"seed {setup.seed}")

    heard: list[object] = []

    class Hearing(Counting):
        def progress(self, progress: Progress) -> None:
            heard.append(progress.stage)

        def artifact(self, artifact: Artifact) -> None:
            heard.append(artifact.name)

        def note(self, text: str) -> None:
            heard.append(text)

    sink = Hearing()
    execute(toy.plan(toy.experiment(observe), steps=1, seeds=2, seed=5), (sink,))
    first = ["counting", "seed 5: count", "steps.txt", "seed 5"]
    assert heard == [*first, "seed 6: count", "seed-6-steps.txt", "seed 6"]
    assert sink.counts["figure"] == 1


def test_notes_of_what_was_prepared_come_first() -> None:
    def prepare(params: Params, seed: int) -> Setup[Params]:
        return Setup(params=params, seed=seed, notes=("digits: 1,797 images",))

    outcome = execute(toy.plan(toy.experiment(prepare=prepare)))
    assert outcome is not None
    assert outcome.notes == ("digits: 1,797 images", "counting")


def test_a_row_is_on_disk_before_it_is_shown(tmp_path: Path) -> None:
    class Reading(Sink):
        def row(self, part: str, row: Row) -> None:
            assert isinstance(row, StepRow)
            assert len(records(tmp_path)[0].rows()) == row.step + 1

    execute(toy.plan(), (Recording(home=tmp_path), Reading()))


# parts


def test_parts_that_were_left_out_are_not_run_and_not_judged(tmp_path: Path) -> None:
    outcome, record = run(toy.plan(parts=("squares",)), tmp_path)
    assert outcome.rows.by_part == {"squares": (SquareRow(method="times", square=4.0),)}
    (finding,) = outcome.findings
    assert (finding.verdict, finding.summary) == ("not judged", "part count was not run")
    assert record.meta["parts"] == ["squares"]
    assert {row["part"] for row in record.rows()} == {"squares"}


def test_an_answer_that_needs_a_part_that_was_left_out_says_which() -> None:
    plan = toy.plan(toy.experiment(answer=lambda findings, rows: str(len(rows.of(counting)))), parts=("squares",))
    counting = plan.experiment.parts[0]
    outcome = execute(plan)
    assert outcome is not None
    assert outcome.answer == "Not answered in this run: part count was not run."


def test_what_was_prepared_is_shared_by_the_parts_and_made_once_per_seed() -> None:
    prepared: list[int] = []

    def prepare(params: Params, seed: int) -> Setup[Params]:
        prepared.append(seed)
        return Setup(params=params, seed=seed)

    execute(toy.plan(toy.experiment(prepare=prepare), parts=None, seeds=3))
    assert prepared == [0, 1, 2]


# answers that fail


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (KeyError("recall"), "No answer: KeyError: 'recall'."),
        (ZeroDivisionError("division by zero"), "No answer: ZeroDivisionError: division by zero."),
        (InputError("first", "second"), "No answer: InputError: first second."),
    ],
)
def test_an_answer_that_raises_loses_nothing(tmp_path: Path, problem: Exception, sentence: str) -> None:
    def answer(findings: Findings, rows: Rows) -> str:
        raise problem

    outcome, record = run(toy.plan(toy.experiment(answer=answer)), tmp_path)
    assert (outcome.status, outcome.answer, len(outcome.rows)) == ("done", sentence, 3)
    assert (record.status, record.meta["answer"], len(record.rows())) == ("done", sentence, 3)
    assert record.findings()[0]["verdict"] == "holds"


# runs that do not come to their end


def refuse_at_once(setup: Setup[Params]) -> Iterator[Event]:
    raise InputError("vectors.npy: expected numbers, got NaN")
    yield


def refuse_after_an_event(setup: Setup[Params]) -> Iterator[Event]:
    yield Progress("load", 0, 1)
    raise InputError("vectors.npy: expected numbers, got NaN")


def test_bad_data_before_the_first_event_writes_nothing_and_no_sink_is_told(tmp_path: Path) -> None:
    sink = Counting()
    with pytest.raises(InputError):
        execute(toy.plan(toy.experiment(refuse_at_once)), (Recording(home=tmp_path / "runs"), sink))
    assert not (tmp_path / "runs").exists()
    assert sink.told == []


def test_bad_data_while_preparing_writes_nothing_and_no_sink_is_told(tmp_path: Path) -> None:
    def prepare(params: Params, seed: int) -> Setup[Params]:
        raise InputError("vectors.npy: expected numbers, got NaN")

    sink = Counting()
    with pytest.raises(InputError):
        execute(toy.plan(toy.experiment(prepare=prepare)), (Recording(home=tmp_path / "runs"), sink))
    assert not (tmp_path / "runs").exists()
    assert sink.told == []


def test_bad_data_before_the_first_row_leaves_no_directory(tmp_path: Path) -> None:
    sink = Counting()
    with pytest.raises(InputError):
        execute(toy.plan(toy.experiment(refuse_after_an_event)), (Recording(home=tmp_path), sink))
    assert records(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
    assert sink.told == ["start", "progress", "end failed"]


@pytest.mark.parametrize(
    ("problem", "status", "error"),
    [
        (KeyboardInterrupt(), "interrupted", None),
        (OSError(28, "no space"), "failed", "OSError: [Errno 28] no space"),
        (InputError("x"), "failed", "InputError: x"),
    ],
)
def test_rows_survive_what_ends_a_run(tmp_path: Path, problem: BaseException, status: str, error: str | None) -> None:
    def broken(setup: Setup[Params]) -> Iterator[Event]:
        yield StepRow(step=7)
        raise problem

    sink, plan = Counting(), toy.plan(toy.experiment(broken))
    with pytest.raises(type(problem)):
        execute(plan, (Recording(home=tmp_path), sink))
    (record,) = records(tmp_path)
    assert (record.status, record.meta["error"]) == (status, error)
    assert record.typed_rows(plan.experiment).by_part == {"count": (StepRow(step=7),)}
    assert sink.told == ["start", "row of count", f"end {status}"]
    assert sink.outcome is not None
    assert (sink.outcome.error, sink.outcome.findings, sink.outcome.answer) == (problem, (), "")
    assert list(sink.outcome.rows) == [StepRow(step=7)]


class Failing(Sink):
    """Raises at its first row, and again at the end."""

    def __init__(self, problem: BaseException, again: Exception | None = None) -> None:
        self.problem = problem
        self.again = again

    def row(self, part: str, row: Row) -> None:
        raise self.problem

    def end(self, outcome: Outcome) -> None:
        if self.again is not None:
            raise self.again


@pytest.mark.parametrize(
    ("problem", "status"), [(KeyboardInterrupt(), "interrupted"), (OSError("the terminal is gone"), "failed")]
)
def test_a_sink_that_stops_ends_the_run_and_what_was_recorded_is_kept(
    tmp_path: Path, problem: BaseException, status: str
) -> None:
    with pytest.raises(type(problem)):
        execute(toy.plan(), (Recording(home=tmp_path), Failing(problem)))
    record = Record.open("last", tmp_path)
    assert (record.status, len(record.rows())) == (status, 1)


def test_a_sink_that_fails_again_at_the_end_hides_neither_the_error_nor_the_end() -> None:
    sink = Counting()
    with pytest.raises(OSError, match="no space") as caught:
        execute(toy.plan(), (Failing(OSError("no space"), OSError("still no space")), sink))
    assert sink.told[-1] == "end failed"
    assert caught.value.__notes__ == ["then Failing failed: OSError: still no space"]


def test_a_sink_that_cannot_start_ends_those_that_have() -> None:
    class Refusing(Counting):
        def start(self, plan: Plan) -> None:
            raise OSError("read-only file system")

    first, refusing, last = Counting(), Refusing(), Counting()
    with pytest.raises(OSError, match="read-only"):
        execute(toy.plan(), (first, refusing, last))
    assert (first.told, refusing.told, last.told) == (["start", "end failed"], [], [])


def test_a_record_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where the folder should be")
    with pytest.raises(FileExistsError):
        execute(toy.plan(), (Recording(tmp_path / "runs"),))


def test_an_experiment_is_closed_when_a_sink_stops_the_run() -> None:
    closed: list[bool] = []

    def careful(setup: Setup[Params]) -> Iterator[Event]:
        try:
            yield StepRow(step=0)
            yield StepRow(step=1)
        finally:
            closed.append(True)

    with pytest.raises(OSError, match="x") as caught:
        execute(toy.plan(toy.experiment(careful)), (Failing(OSError("x")),))
    assert closed == [True], f"still open while {caught.value} is told"


def test_sigterm_unwinds_like_an_interrupt(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, signal, sys\n"
        "from experiments.lab.recording import Recording\n"
        "from experiments.lab.runner import execute\n"
        "from tests.lab import toy\n"
        "def terminated(setup):\n"
        "    yield toy.StepRow(step=7)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    yield toy.StepRow(step=8)\n"
        "try:\n"
        "    execute(toy.plan(toy.experiment(terminated)), (Recording(home=pathlib.Path(sys.argv[1])),))\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit(130)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=Path(__file__).parents[2], check=False)
    (record,) = records(tmp_path)
    assert done.returncode == 130
    assert (record.status, [row["step"] for row in record.rows()]) == ("interrupted", [7])


def test_a_run_in_a_thread_leaves_signals_alone() -> None:
    outcomes: list[Any] = []
    thread = threading.Thread(target=lambda: outcomes.append(execute(toy.plan())))
    thread.start()
    thread.join()
    assert outcomes[0].status == "done"


def test_a_process_that_only_helps_leaves_no_record(tmp_path: Path) -> None:
    sink = Counting()
    helper = toy.plan(toy.experiment(lambda setup: iter(())))
    assert execute(helper, (Recording(home=tmp_path / "runs"), sink)) is None
    assert not (tmp_path / "runs").exists()
    assert sink.told == []
    assert os.listdir(tmp_path) == []


# repetitions


def test_the_end_of_every_seed_is_told_after_its_last_event_and_recorded(tmp_path: Path) -> None:
    told: list[str] = []

    class Hearing(Counting):
        def seed_done(self, seed: int) -> None:
            self._count(f"seed {seed} done")

    plan = toy.plan(steps=1, seeds=2, seed=5)
    recording = Recording(home=tmp_path)
    outcome = execute(plan, (recording, Hearing(told=told)))
    assert outcome is not None
    assert outcome.seeds_done == (5, 6)
    assert [what for what in told if "done" in what] == ["seed 5 done", "seed 6 done", "end done"]
    assert told.index("seed 5 done") == told.index("artifact") + 1
    assert recording.record is not None
    assert recording.record.meta["seeds_done"] == [5, 6]


def test_a_seed_that_was_interrupted_is_not_done() -> None:
    def observe(setup: Setup[Params]) -> Iterator[Event]:
        yield StepRow(step=0)
        if setup.seed == 1:
            raise KeyboardInterrupt

    sink = Counting()
    with pytest.raises(KeyboardInterrupt):
        execute(toy.plan(toy.experiment(observe), seeds=3), (sink,))
    assert sink.outcome is not None
    assert sink.outcome.seeds_done == (0,)
