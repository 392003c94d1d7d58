"""``mlnotes run -m``: one run per point of a grid, by Hydra's sweeper and launchers.

Every point is composed and checked before the first job starts. A job that fails does not stop the others; its error
is told in the summary and by the exit code.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import typer

from cli.compose import SweepPoint
from cli.display.console import consoles
from cli.display.sweeps import SweepJob, sweep_table
from cli.document import print_document
from cli.exits import FAILED, INTERRUPTED, UNUSABLE, complain, explanation
from cli.plans import command_of, composition, plan_of
from cli.records import run_document
from experiments.lab.catalog import Study, find, load
from experiments.lab.errors import InputError
from experiments.lab.experiment import Experiment
from experiments.lab.record import Record, runs_home
from experiments.lab.recording import Recording, new_directory
from experiments.lab.runner import execute


@dataclass(frozen=True)
class Job:
    """How a job ended; small, since launchers send it between processes."""

    number: int
    overrides: tuple[str, ...]
    record: Path | None
    """Directory of its record, None where nothing was observed."""
    errors: tuple[str, ...] = ()
    exit_code: int = 0


def run_sweep(name: str, overrides: tuple[str, ...], *, smoke: bool, json: bool, debug: bool) -> None:
    """Run every point of the grid and print a summary.

    Raises:
        InputError: one line per problem at any point; then nothing has run and nothing is written.
        typer.Exit: with the code of the worst job, where one did not come to its end.
    """
    study = find(name)
    composed = composition(study, overrides, smoke=smoke)
    _check_all(study, composed.grid(), smoke=smoke)
    directory = new_directory(runs_home().absolute(), f"{study.name}-sweep")
    command = command_of(name, overrides, "-m", smoke=smoke)
    try:
        jobs = composed.sweep(directory, partial(run_job, study=study, smoke=smoke, command=command, debug=debug))
    except KeyboardInterrupt:
        complain(f"the jobs so far are in {directory}")
        raise
    if json:
        print_document({"sweep": str(directory), "jobs": [_document(job) for job in jobs]})
    else:
        _print_summary(study, jobs, directory)
    for job in jobs:
        complain(*(f"job {job.number} ({' '.join(job.overrides)}): {error}" for error in job.errors))
    codes = {job.exit_code for job in jobs} - {0}
    if codes:
        raise typer.Exit(next(code for code in (INTERRUPTED, FAILED, UNUSABLE) if code in codes))


def run_job(point: SweepPoint, *, study: Study, smoke: bool, command: tuple[str, ...], debug: bool) -> Job:
    """Run one point of a sweep into the sweep's directory; the function that launchers call in their processes."""
    directory = point.directory / f"{point.number:03d}"
    recording = Recording(directory)
    try:
        execute(plan_of(study, point.values, smoke=smoke, command=command), (recording,))
    except Exception as error:  # the other jobs go on, and the summary tells it
        code = UNUSABLE if isinstance(error, InputError) else FAILED
        lines = tuple(traceback.format_exc().splitlines()) if debug else explanation(error)
        return Job(point.number, point.overrides, directory if recording.record else None, lines, code)
    return Job(point.number, point.overrides, directory if recording.record else None)


def _check_all(study: Study, points: list[dict[str, object]], *, smoke: bool) -> None:
    problems: dict[str, None] = {}
    for values in points:
        try:
            plan_of(study, values, smoke=smoke)
        except InputError as error:
            problems.update(dict.fromkeys(error.problems))
    if problems:
        raise InputError(*problems)


def _print_summary(study: Study, jobs: list[Job], directory: Path) -> None:
    experiment = load(study.experiment)
    console = consoles().results
    if jobs:
        console.print(sweep_table(experiment, [_summary(job, experiment) for job in jobs]))
    console.print(f"sweep: {directory}", soft_wrap=True)


def _summary(job: Job, experiment: Experiment[Any, Any]) -> SweepJob:
    overrides = dict(override.split("=", 1) for override in job.overrides)
    if job.record is None:
        return SweepJob(overrides=overrides, status="failed")
    record = Record(job.record)
    verdicts = [finding["verdict"] for finding in record.findings()]
    return SweepJob(overrides=overrides, status=record.status, rows=record.typed_rows(experiment), verdicts=verdicts)


def _document(job: Job) -> dict[str, Any]:
    about = {"overrides": list(job.overrides), "errors": list(job.errors)}
    if job.record is None:
        return {**about, "status": "failed", "record": None, "rows": [], "findings": []}
    return {**about, **run_document(Record(job.record))}
