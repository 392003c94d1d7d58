"""The runner on a small experiment of its own, put where the catalog would find it."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic.dataclasses import dataclass as parameters

from experiments.lab import catalog
from experiments.lab.errors import InputError
from experiments.lab.experiment import CHECKED, Artifact, Event, Experiment, Note, Progress
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, theorem
from experiments.lab.record import Record, records
from experiments.lab.runner import Finished, Plan, Settings, Started, execute


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    steps: int = 3
    """Rows to yield."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    step: int


def count(params: Params, seed: int) -> Iterator[Event]:
    yield Note("counting")
    for step in range(params.steps):
        yield Progress("count", step, params.steps)
        yield Row(step=step)
    yield Artifact("steps.txt", lambda path: path.write_text(str(params.steps)) and None)


def steps_are_small(rows: Sequence[Row]) -> Comparison:
    return theorem([row.step for row in rows], tolerance=10, control=[11])


CLAIM = Claim(
    statement="Steps are small.",
    notes="none",
    kind="theorem",
    rule="holds iff every step is at most 10",
    predicted="holds",
    judge=steps_are_small,
)
Run = Callable[[Params, int], Iterator[Event]]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], None]:
    def put(run: Run) -> None:
        experiment = Experiment(params=Params, row=Row, run=run, claims=(CLAIM,), tables=())
        monkeypatch.setattr(catalog, "load", lambda name: experiment)

    return put


def plan(seeds: int = 1, **params: object) -> Plan:
    return Plan(study="lab.count", experiment="lab.count", params=params, settings=Settings(seeds=seeds))


def test_a_run_is_started_recorded_and_judged(use: Callable[[Run], None], tmp_path: Path) -> None:
    use(count)
    happened = list(execute(plan(seeds=2), home=tmp_path))
    assert isinstance(happened[0], Started)
    finished = happened[-1]
    assert isinstance(finished, Finished)
    assert [(row.seed, row.step) for row in finished.rows] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert finished.record.typed_rows(Row) == list(finished.rows)
    assert [finding.verdict for finding in finished.findings] == ["holds"]
    assert finished.record.status == "done"
    assert finished.record.meta["notes"] == ["counting"]
    assert (finished.record.path / "steps.txt").read_text() == "3"
    assert (finished.record.path / "seed-1-steps.txt").exists()


def test_a_row_is_on_disk_before_it_is_shown(use: Callable[[Run], None], tmp_path: Path) -> None:
    use(count)
    for event in execute(plan(), home=tmp_path):
        if isinstance(event, Row):
            assert len(records(tmp_path)[0].rows()) == event.step + 1


def test_bad_data_before_the_first_event_writes_nothing(use: Callable[[Run], None], tmp_path: Path) -> None:
    def refuse(params: Params, seed: int) -> Iterator[Event]:
        raise InputError("vectors.npy: expected numbers, got NaN")
        yield

    use(refuse)
    with pytest.raises(InputError):
        list(execute(plan(), home=tmp_path / "runs"))
    assert not (tmp_path / "runs").exists()


def test_bad_data_before_the_first_row_leaves_nothing(use: Callable[[Run], None], tmp_path: Path) -> None:
    def refuse(params: Params, seed: int) -> Iterator[Event]:
        yield Progress("load", 0, 1)
        raise InputError("vectors.npy: expected numbers, got NaN")

    use(refuse)
    with pytest.raises(InputError):
        list(execute(plan(), home=tmp_path))
    assert records(tmp_path) == []


@pytest.mark.parametrize(
    ("problem", "status"),
    [(KeyboardInterrupt(), "interrupted"), (OSError(errno.ENOSPC, "no space"), "failed"), (InputError("x"), "failed")],
)
def test_rows_survive_what_ends_a_run(
    use: Callable[[Run], None], tmp_path: Path, problem: BaseException, status: str
) -> None:
    def broken(params: Params, seed: int) -> Iterator[Event]:
        yield Row(step=7)
        raise problem

    use(broken)
    with pytest.raises(type(problem)):
        list(execute(plan(), home=tmp_path))
    (record,) = records(tmp_path)
    assert (record.status, record.typed_rows(Row)) == (status, [Row(step=7)])


def test_a_consumer_that_stops_interrupts_the_run(use: Callable[[Run], None], tmp_path: Path) -> None:
    use(count)
    happening = execute(plan(), home=tmp_path)
    next(event for event in happening if isinstance(event, Row))
    happening.close()
    assert Record.open("last", tmp_path).status == "interrupted"


def test_bad_parameters_are_told_before_anything_runs(use: Callable[[Run], None], tmp_path: Path) -> None:
    use(count)
    with pytest.raises(InputError, match=r"unknown parameter stepps: did you mean steps\?"):
        list(execute(plan(stepps=3), home=tmp_path))


def test_a_process_that_only_helps_leaves_no_record(use: Callable[[Run], None], tmp_path: Path) -> None:
    use(lambda params, seed: iter(()))
    assert list(execute(plan(), home=tmp_path / "runs")) == []
    assert not (tmp_path / "runs").exists()
