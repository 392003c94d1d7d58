"""``mlnotes run``: one run, watched while it lasts and told when it is done."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from cli.display.console import Consoles, consoles
from cli.display.curves import curves
from cli.display.figures import save_all
from cli.display.findings import findings_list
from cli.display.live import live
from cli.display.tables import tables
from cli.document import print_document
from cli.plans import plan
from cli.records import run_document
from experiments.lab.catalog import load
from experiments.lab.experiment import Row
from experiments.lab.record import Record
from experiments.lab.runner import Finished, Plan, Started, execute


class SilentRunError(Exception):
    """The run had nothing to say: this process only helped another one, which records."""


def run_study(name: str, overrides: tuple[str, ...], *, smoke: bool, json: bool) -> None:
    """Run a study, save its pictures in the record and print what came out.

    With ``json`` the document is printed whichever way the run ends, once there is a record.
    """
    screens = consoles(json=json)
    begun: list[Path] = []
    try:
        finished = watch(plan(name, overrides, smoke=smoke), screens.messages, begun)
    except SilentRunError:
        return
    except BaseException:
        for directory in begun:
            _tell_what_is_kept(directory, screens, json=json)
        raise
    record = finished.record
    save_all(load(record.meta["experiment"]), finished.rows, record.figures(), record.path / "plots")
    if json:
        print_document(run_document(record))
    else:
        report(finished, screens)


def watch(wanted: Plan, console: Console, begun: list[Path] | None = None, *, rows: bool = True) -> Finished:
    """Run a plan and show on ``console`` what happens, in a pipe with or without the rows.

    ``begun`` receives the record's directory once it exists, also where the run then fails.
    """
    with live(load(wanted.experiment), console) as show:
        for happening in execute(wanted):
            if isinstance(happening, Started) and begun is not None:
                begun.append(happening.directory)
            elif isinstance(happening, Finished):
                return happening
            elif rows or console.is_terminal or not isinstance(happening, Row):
                show(happening)
    raise SilentRunError


def report(finished: Finished, screens: Consoles) -> None:
    """Print notes, tables, curves, findings and where the record is."""
    console = screens.results
    experiment = load(finished.record.meta["experiment"])
    if not console.is_terminal:  # on a terminal the notes stand above already
        for note in finished.record.meta["notes"]:
            console.print(note, soft_wrap=True)
    for part in (*tables(experiment, finished.rows), *curves(experiment, finished.rows, finished.record.figures())):
        console.print(part)
        console.print()
    console.print(findings_list(finished.findings))
    console.print(f"\nrecord: {finished.record.path}", soft_wrap=True)


def _tell_what_is_kept(directory: Path, screens: Consoles, *, json: bool) -> None:
    """After a run that did not come to its end: what is recorded, if it was kept at all."""
    if not (directory / "record.json").exists():
        return
    if json:
        print_document(run_document(Record(directory)))
    else:
        screens.messages.print(f"record: {directory}", soft_wrap=True)
