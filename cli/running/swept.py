"""A sweep on disk: a directory with a record per job and the command that made it; and how it is shown."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from cli.display.curves import curves
from cli.display.grid import Brief
from cli.display.sweeps import Sweep, SweepJob
from cli.past.document import run_document
from cli.pictures.figures import save_all
from experiments.lab.catalog import find, load
from experiments.lab.errors import InputError
from experiments.lab.experiment import Rows
from experiments.lab.record import Record, replace_json, runs_home
from experiments.lab.record_checks import load_json

Document = dict[str, Any]

ABOUT = "sweep.json"
LINES = 20
"""Lines of the table at the end of a sweep; `mlnotes show` has all."""


def begin(directory: Path, study: str, command: Sequence[str]) -> None:
    """Write down what the sweep is, so that it can be shown and resumed."""
    replace_json(directory / ABOUT, {"study": study, "command": list(command)})


def sweep_named(name: str) -> Path | None:
    """The directory of a sweep with that id or path, None where it is none."""
    for path in (Path(name), runs_home() / name):
        if os.path.isfile(path / ABOUT):  # of a name that is too long for a file it says no
            return path
    return None


def sweep_to_resume(command: Sequence[str]) -> Path:
    """The newest sweep that was begun by the same command.

    Raises:
        InputError: there is none, or a job of it is still running.
    """
    found = (path.parent for path in sorted(runs_home().glob(f"*-sweep-*/{ABOUT}"), reverse=True))
    same = next((path for path in found if _about(path).get("command") == list(command)), None)
    if same is None:
        raise InputError(f"no sweep of this command in {runs_home()}: run it without --resume")
    for record in records_of(same):
        if record.status == "running":
            raise InputError(f"{record.id} is still running")
    return same.absolute()


def records_of(directory: Path) -> list[Record]:
    """The records of the jobs, in their order."""
    return [Record(path.parent) for path in sorted(directory.glob("[0-9]*/record.json"))]


def overrides_of(command: Iterable[str]) -> dict[str, str]:
    """Key and value of every override of a command."""
    pairs = (word.partition("=") for word in command if "=" in word and not word.startswith("-"))
    return {key: value for key, _, value in pairs}


def jobs_of(directory: Path) -> list[SweepJob]:
    """The jobs that have records."""
    experiment = load(find(_about(directory)["study"]).experiment)
    return [
        SweepJob(
            number=int(record.path.name),
            overrides=overrides_of(record.meta["command"]),
            status=record.status,
            rows=record.typed_rows(experiment),
            verdicts=[finding["verdict"] for finding in record.findings()],
        )
        for record in records_of(directory)
    ]


def sweep_document(directory: Path) -> Document:
    """A sweep as ``show --json`` gives it."""
    jobs = [
        {
            "overrides": [f"{key}={value}" for key, value in overrides_of(one.meta["command"]).items()],
            **run_document(one),
        }
        for one in records_of(directory)
    ]
    return {"sweep": str(directory), "jobs": jobs}


def sweep_of(directory: Path, failed: Sequence[SweepJob] = ()) -> Sweep:
    """The sweep of a directory; ``failed`` are jobs that left no record."""
    experiment = load(find(_about(directory)["study"]).experiment)
    jobs = sorted((*jobs_of(directory), *failed), key=lambda job: job.number)
    return Sweep(experiment, jobs)


def save_figure(sweep: Sweep, directory: Path) -> None:
    """Draw the metric over the swept key, where there is a figure to draw."""
    if figure := sweep.figure():
        save_all(sweep.experiment, Rows({}), (figure,), directory / "plots")


def print_sweep(console: Console, sweep: Sweep, directory: Path, *, whole: bool = False, drawn: bool = False) -> None:
    """Print question, best point, table and places: the ``whole`` table with all lines, ``drawn`` as a curve too."""
    console.print(Text(sweep.experiment.question, style="header"))
    if best := sweep.best_line():
        console.print(Text(best))
    console.print()
    name = directory.name
    table = sweep.table()
    console.print(table if whole else Brief(table, LINES, f"mlnotes show {name} --tables"))
    figure = sweep.figure()
    if drawn and figure is not None:
        for shown in curves(sweep.experiment, Rows({}), (figure,)):
            console.print(shown)
    console.print()
    done = sum(job.status == "done" for job in sweep.jobs)
    console.print(f"sweep    {_shown(directory)}  ({done} of {len(sweep.jobs)} jobs done)", soft_wrap=True)
    if (directory / "plots" / "sweep.png").exists():
        console.print("figures  plots/sweep.png")
    if best_places := sorted(sweep.best()):
        console.print(f"next     mlnotes show {name}/{sweep.lines[best_places[0]].job.number:03d}", soft_wrap=True)


def _about(directory: Path) -> Document:
    about: Any = load_json(directory / ABOUT)
    if not isinstance(about, dict) or not isinstance(about.get("study"), str):
        raise InputError(f"{directory / ABOUT}: expected the study of the sweep and its command")
    return about


def _shown(directory: Path) -> Path:
    """The directory as it is called from here, if it lies below."""
    here = Path.cwd()
    return directory.relative_to(here) if directory.is_relative_to(here) else directory
