"""``mlnotes run``: one run, watched while it lasts and answered when it is done."""

from __future__ import annotations

from cli.display.console import Consoles, consoles
from cli.display.curves import curves
from cli.display.ending import ending
from cli.display.figures import save_all
from cli.display.findings import findings_list
from cli.display.live import live
from cli.display.tables import tables
from cli.document import print_document
from cli.plans import plan
from cli.records import run_document
from experiments.lab.recording import Recording
from experiments.lab.runner import execute
from experiments.lab.sinks import Outcome


def run_study(name: str, overrides: tuple[str, ...], *, smoke: bool, json: bool) -> None:
    """Run a study, save its pictures in the record and print what came out.

    With ``json`` the document is printed whichever way the run ends, once there is a record.
    """
    screens = consoles(json=json)
    recording = Recording()
    try:
        with live(screens.messages) as view:
            outcome = execute(plan(name, overrides, smoke=smoke), (recording, view))
    except BaseException:
        _show_what_is_kept(recording, screens, json=json)
        raise
    if outcome is None or recording.record is None:
        return
    save_all(outcome.plan.experiment, outcome.rows, outcome.figures, recording.record.path / "plots")
    if json:
        print_document(run_document(recording.record))
    else:
        report(outcome, recording, screens)


def report(outcome: Outcome, recording: Recording, screens: Consoles) -> None:
    """Print notes, tables, curves and findings, then the question, its answer and the headline."""
    console, experiment = screens.results, outcome.plan.experiment
    if not console.is_terminal:  # on a terminal the notes stand above already
        for note in outcome.notes:
            console.print(note, soft_wrap=True)
    for shown in (*tables(experiment, outcome.rows), *curves(experiment, outcome.rows, outcome.figures)):
        console.print(shown)
        console.print()
    console.print(findings_list(outcome.findings))
    console.print(ending(outcome))
    console.print(f"record: {recording.directory}", soft_wrap=True)


def _show_what_is_kept(recording: Recording, screens: Consoles, *, json: bool) -> None:
    """After a run that did not come to its end: what is recorded, if anything was kept at all."""
    if recording.record is None:
        return
    if json:
        print_document(run_document(recording.record))
    else:
        screens.messages.print(f"record: {recording.directory}", soft_wrap=True)
