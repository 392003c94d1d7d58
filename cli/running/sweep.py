"""``mlnotes run -m``: one run per point of a grid, by Hydra's sweeper and launchers.

Every point is composed and checked before the first job starts. A job that fails does not stop the others; its error
is told in the summary and by the exit code.
"""

from __future__ import annotations

import math
import shlex
import shutil
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import typer

from cli.display.console import consoles
from cli.display.sweeps import Sweep, SweepJob
from cli.document import print_document
from cli.exits import FAILED, INTERRUPTED, UNUSABLE, complain, explanation
from cli.past.document import run_document
from cli.points import SweepPoint
from cli.running.plans import command_of, composition, plan_of
from cli.running.swept import begin, overrides_of, print_sweep, save_figure, sweep_document, sweep_of, sweep_to_resume
from cli.sinks.tracking import trackers
from experiments.lab.catalog import Study, find
from experiments.lab.errors import InputError
from experiments.lab.record import Record, runs_home
from experiments.lab.recording import Recording, new_directory
from experiments.lab.runner import execute


@dataclass(frozen=True, kw_only=True)
class How:
    """How a sweep is run and what is printed of it."""

    smoke: bool = False
    resume: bool = False
    """Go on with the newest sweep of the same command."""
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False


@dataclass(frozen=True)
class Job:
    """How a job ended; small, since launchers send it between processes."""

    number: int
    overrides: tuple[str, ...]
    record: Path | None
    """Directory of its record, None where nothing was observed."""
    errors: tuple[str, ...] = ()
    exit_code: int = 0
    result: float = math.nan
    """The headline's number, by which a sweeper such as Optuna's chooses its next points."""

    def __float__(self) -> float:
        return self.result


def run_sweep(name: str, overrides: tuple[str, ...], how: How) -> None:
    """Run every point of the grid, or what an interrupted sweep left of it, and print a summary.

    Raises:
        InputError: one line per problem at any point; then nothing has run and nothing is written.
        typer.Exit: with the code of the worst job, where one did not come to its end.
    """
    study = find(name)
    composed = composition(study, overrides, smoke=how.smoke)
    points = composed.grid()
    _check_all(study, points, smoke=how.smoke)
    command = command_of(name, overrides, "-m", smoke=how.smoke)
    directory = _place(study, command, points, resume=how.resume)
    job = partial(run_job, study=study, smoke=how.smoke, debug=how.debug)
    try:
        jobs = composed.sweep(directory, job)
    except KeyboardInterrupt:
        complain(f"the jobs so far are in {directory}", f"to go on: {shlex.join(command)} --resume")
        raise
    _tell(jobs, directory, how)
    for one in jobs:
        complain(*(f"job {one.number} ({' '.join(one.overrides)}): {error}" for error in one.errors))
    codes = {one.exit_code for one in jobs} - {0}
    if codes:
        raise typer.Exit(next(code for code in (INTERRUPTED, FAILED, UNUSABLE) if code in codes))


def _place(study: Study, command: tuple[str, ...], points: Sequence[object], *, resume: bool) -> Path:
    """The directory of the sweep: a new one, or that of the interrupted one."""
    if resume and not points:
        raise InputError("--resume needs a grid: a sweeper that chooses its points as it goes would choose others")
    if resume:
        return sweep_to_resume(command)
    directory = new_directory(runs_home().absolute(), f"{study.name}-sweep")
    begin(directory, study.name, command)
    return directory


def run_job(point: SweepPoint, *, study: Study, smoke: bool, debug: bool) -> Job:
    """Run one point of a sweep into the sweep's directory; the function that launchers call in their processes.

    A job that is done already, in the sweep that goes on, is left as it is; another one's remains give way.
    """
    directory = point.directory / f"{point.number:03d}"
    command = command_of(study.name, point.overrides, smoke=smoke)
    if (directory / "record.json").exists():
        before = Record(directory)
        if before.status == "done" and before.meta["command"] == list(command):
            return Job(point.number, point.overrides, directory)
        shutil.rmtree(directory)
    recording = Recording(directory)
    try:
        plan = plan_of(study, point.values, smoke=smoke, command=command)
        outcome = execute(plan, (recording, *trackers(plan.settings.sink, recording)))
    except Exception as error:  # the other jobs go on, and the summary tells it
        code = UNUSABLE if isinstance(error, InputError) else FAILED
        lines = tuple(traceback.format_exc().splitlines()) if debug else explanation(error)
        return Job(point.number, point.overrides, directory if recording.record else None, lines, code)
    if outcome is None:
        return Job(point.number, point.overrides, None)
    done = SweepJob(number=point.number, overrides={}, status=outcome.status, rows=outcome.rows)
    return Job(point.number, point.overrides, directory, result=Sweep(plan.experiment, [done]).result())


def _check_all(study: Study, points: list[dict[str, object]], *, smoke: bool) -> None:
    problems: dict[str, None] = {}
    for values in points:
        try:
            plan_of(study, values, smoke=smoke)
        except InputError as error:
            problems.update(dict.fromkeys(error.problems))
    if problems:
        raise InputError(*problems)


def _tell(jobs: Sequence[Job], directory: Path, how: How) -> None:
    """Print how the jobs ended, and draw the sweep."""
    if how.json:
        whole = sweep_document(directory)  # of a sweeper that keeps its jobs to itself
        print_document({"sweep": str(directory), "jobs": [_document(job) for job in jobs]} if jobs else whole)
        return
    lost = [
        SweepJob(number=job.number, overrides=overrides_of(job.overrides), status="failed")
        for job in jobs
        if job.record is None
    ]
    sweep = sweep_of(directory, lost)
    save_figure(sweep, directory)
    console = consoles().results
    if how.quiet:
        console.print(sweep.best_line() or f"{len(sweep.jobs)} jobs in {directory}", soft_wrap=True)
    else:
        print_sweep(console, sweep, directory, whole=how.verbose, drawn=how.verbose)


def _document(job: Job) -> dict[str, Any]:
    about = {"overrides": list(job.overrides), "errors": list(job.errors)}
    if job.record is None:
        return {**about, "status": "failed", "record": None, "rows": [], "findings": []}
    return {**about, **run_document(Record(job.record))}
