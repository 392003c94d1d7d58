"""Runs a plan: every seed of an experiment, each event recorded before it is passed on, then the judge.

``execute`` is a generator too, so whoever consumes it shows what happens and may stop at any time; what was observed
until then is on disk. It knows nothing of Hydra or the terminal.
"""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab import catalog, environment
from experiments.lab.errors import InputError
from experiments.lab.experiment import CHECKED, Artifact, Event, Experiment, Figure, Note, Progress, Row
from experiments.lab.judge.claims import claim_table_hash
from experiments.lab.judge.judge import Finding, judge
from experiments.lab.parallel import in_parallel
from experiments.lab.params import validate
from experiments.lab.record import Record, RecordWriter, Status, new_directory, runs_home


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Settings:
    """What every run has beside its Params."""

    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """First seed."""
    seeds: Annotated[int, Field(ge=1, le=10_000)] = 1
    """Number of repetitions, with the seeds seed, seed + 1, ...; claims are judged over all of them."""
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    """Processes that share the seeds; more than one makes times incomparable."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One run, fully resolved."""

    study: str
    experiment: str
    params: Mapping[str, object]
    settings: Settings
    smoke: bool = False
    command: tuple[str, ...] = ()
    """What the user typed, for the record."""

    @property
    def seeds(self) -> range:
        return range(self.settings.seed, self.settings.seed + self.settings.seeds)


@dataclass(frozen=True)
class Started:
    """The record exists from here on."""

    directory: Path


@dataclass(frozen=True)
class Finished:
    """The run came to its end."""

    record: Record
    rows: tuple[Any, ...]
    findings: tuple[Finding, ...]


Happening = Event | Started | Finished


def check(plan: Plan) -> tuple[Experiment[Any, Any], Any]:
    """The plan's experiment and its checked Params.

    Raises:
        InputError: one line per parameter that cannot be.
    """
    experiment = catalog.load(plan.experiment)
    return experiment, validate(experiment.params, plan.params)


def execute(plan: Plan, directory: Path | None = None, home: Path | None = None) -> Iterator[Happening]:
    """Run ``plan`` into ``directory``, by default a new one below ``home``.

    Yields:
        Started, then every event once it is recorded, then Finished. Nothing at all where the experiment yields
        nothing, as in a process that helps another one which records.

    Raises:
        InputError: bad parameters or data. Before the first event nothing is written; without any row nothing is left.
        KeyboardInterrupt: also for a SIGTERM; the rows so far are kept.
    """
    experiment, params = check(plan)
    with _terminable():
        events = all_seeds(plan, experiment, params)
        first = next(events, None)
        if first is None:
            return
        directory = directory or new_directory(home or runs_home(), plan.study)
        directory.mkdir(parents=True, exist_ok=True)
        writer = RecordWriter(directory, _meta(plan, experiment))
        rows: list[Row] = []
        with _closing(writer, rows):
            yield Started(directory)
            for event in itertools.chain((first,), events):
                _keep(event, writer, rows)
                yield event
            findings = judge(experiment.claims, rows, smoke=plan.smoke)
            writer.findings([finding.to_json() for finding in findings])
    yield Finished(Record(directory), tuple(rows), findings)


def all_seeds(plan: Plan, experiment: Experiment[Any, Any], params: Any) -> Iterator[Event]:
    """Events of every seed, rows stamped with theirs; of figures and equal notes only the first seed's pass."""
    if plan.settings.workers > 1 and len(plan.seeds) > 1:
        events = in_parallel(plan.experiment, params, plan.seeds, plan.settings.workers)
    else:
        events = ((seed, event) for seed in plan.seeds for event in experiment.run(params, seed))
    noted: set[str] = set()
    for seed, event in events:
        if isinstance(event, Row):
            yield replace(event, seed=seed)
        elif isinstance(event, Progress) and len(plan.seeds) > 1:
            yield replace(event, stage=f"seed {seed}: {event.stage}")
        elif isinstance(event, Artifact) and seed != plan.settings.seed:
            yield replace(event, name=f"seed-{seed}-{event.name}")
        elif isinstance(event, Note):
            if event.text not in noted:
                noted.add(event.text)
                yield event
        elif not isinstance(event, Figure) or seed == plan.settings.seed:
            yield event


def _keep(event: Event, writer: RecordWriter, rows: list[Row]) -> None:
    if isinstance(event, Row):
        writer.row(event)
        rows.append(event)
    elif isinstance(event, Note):
        writer.note(event.text)
    elif isinstance(event, Figure):
        writer.figure(event)
    elif isinstance(event, Artifact):
        writer.artifact(event)


@contextmanager
def _closing(writer: RecordWriter, rows: list[Row]) -> Iterator[None]:
    """Close the record with the status that the way out of the block tells."""
    begun = time.perf_counter()
    status: Status = "done"
    error: str | None = None
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit):
        status = "interrupted"
        raise
    except InputError:
        status = "failed" if rows else "running"
        raise
    except Exception as problem:
        status, error = "failed", f"{type(problem).__name__}: {problem}"
        raise
    finally:
        if status == "running":
            writer.discard()
        else:
            writer.close(status, error=error, seconds=round(time.perf_counter() - begun, 3))


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM unwind like Ctrl-C, so that the record is closed. Signals can be caught in the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _meta(plan: Plan, experiment: Experiment[Any, Any]) -> dict[str, object]:
    return {
        "experiment": plan.experiment,
        "study": plan.study,
        "params": dict(plan.params),
        "settings": asdict(plan.settings),
        "seeds": list(plan.seeds),
        "smoke": plan.smoke,
        "command": list(plan.command),
        "claims_hash": claim_table_hash(experiment.claims),
        "versions": environment.versions(),
        "machine": environment.machine(),
        "commit": environment.commit(),
    }
