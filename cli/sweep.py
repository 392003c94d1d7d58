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
from cli.display.overviews import SweepJob, sweep_table
from cli.document import print_document
from cli.exits import FAILED, INTERRUPTED, UNUSABLE, complain, explanation
from cli.plans import command_of, composition, plan_of
from cli.records import run_document
from experiments.lab.catalog import Study, find, load
from experiments.lab.errors import InputError
from experiments.lab.record import Record, new_directory, runs_home
from experiments.lab.runner import Started, execute


@dataclass(frozen=True)
class Outcome:
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
        outcomes = composed.sweep(directory, partial(run_job, study=study, smoke=smoke, command=command, debug=debug))
    except KeyboardInterrupt:
        complain(f"the jobs so far are in {directory}")
        raise
    if json:
        print_document({"sweep": str(directory), "jobs": [_document(outcome) for outcome in outcomes]})
    else:
        _print_summary(study, outcomes, directory)
    for outcome in outcomes:
        complain(*(f"job {outcome.number} ({' '.join(outcome.overrides)}): {error}" for error in outcome.errors))
    codes = {outcome.exit_code for outcome in outcomes} - {0}
    if codes:
        raise typer.Exit(next(code for code in (INTERRUPTED, FAILED, UNUSABLE) if code in codes))


def run_job(point: SweepPoint, *, study: Study, smoke: bool, command: tuple[str, ...], debug: bool) -> Outcome:
    """Run one point of a sweep into the sweep's directory; the function that launchers call in their processes."""
    directory = point.directory / f"{point.number:03d}"
    record: Path | None = None
    try:
        plan = plan_of(study, point.values, smoke=smoke, command=command)
        for happening in execute(plan, directory=directory):
            if isinstance(happening, Started):
                record = happening.directory
    except Exception as error:  # the other jobs go on, and the summary tells it
        code = UNUSABLE if isinstance(error, InputError) else FAILED
        kept = record if record is not None and (record / "record.json").exists() else None
        lines = tuple(traceback.format_exc().splitlines()) if debug else explanation(error)
        return Outcome(point.number, point.overrides, kept, lines, code)
    return Outcome(point.number, point.overrides, record)


def _check_all(study: Study, points: list[dict[str, object]], *, smoke: bool) -> None:
    problems: dict[str, None] = {}
    for values in points:
        try:
            plan_of(study, values, smoke=smoke)
        except InputError as error:
            problems.update(dict.fromkeys(error.problems))
    if problems:
        raise InputError(*problems)


def _print_summary(study: Study, outcomes: list[Outcome], directory: Path) -> None:
    experiment = load(study.experiment)
    console = consoles().results
    if outcomes:
        console.print(sweep_table(experiment, [_job(outcome, experiment.row) for outcome in outcomes]))
    console.print(f"sweep: {directory}", soft_wrap=True)


def _job(outcome: Outcome, row_type: type[Any]) -> SweepJob:
    overrides = dict(override.split("=", 1) for override in outcome.overrides)
    if outcome.record is None:
        return SweepJob(overrides=overrides, status="failed")
    record = Record(outcome.record)
    verdicts = [Verdict(finding["verdict"]) for finding in record.findings()]
    return SweepJob(overrides=overrides, status=record.status, rows=record.typed_rows(row_type), findings=verdicts)


@dataclass(frozen=True)
class Verdict:
    """A finding as the summary shows it."""

    verdict: str


def _document(outcome: Outcome) -> dict[str, Any]:
    about = {"overrides": list(outcome.overrides), "errors": list(outcome.errors)}
    if outcome.record is None:
        return {**about, "status": "failed", "record": None, "rows": [], "findings": []}
    return {**about, **run_document(Record(outcome.record))}
