"""``mlnotes run``: one run, watched while it lasts and answered when it is done."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from pathlib import Path

from cli.display.console import Consoles, consoles
from cli.display.live import live
from cli.display.sections import ALL
from cli.document import print_document
from cli.past.document import run_document
from cli.pictures.figures import save_all
from cli.running.endings import ending_of, usual_seconds
from cli.running.launch import seeds_by
from cli.running.plans import plan
from cli.sinks.tracking import trackers
from experiments.lab.plan import Plan
from experiments.lab.recording import Recording
from experiments.lab.runner import execute
from experiments.lab.sinks import Outcome, Sink


class Amount(Enum):
    """How much a run prints."""

    LINE = "the verdicts and the answer on one line"
    ENDING = "the ending"
    ALL = "tables, curves and findings with their evidence, then the ending"


class Last(Sink):
    """Keeps how the run ended, for the lines that are printed then."""

    outcome: Outcome | None = None

    def end(self, outcome: Outcome) -> None:
        self.outcome = outcome


def run_study(
    name: str,
    overrides: tuple[str, ...],
    *,
    smoke: bool,
    json: bool,
    amount: Amount,
    confirm: bool = False,
    launcher: str = "",
) -> None:
    """Run a study, save its pictures in the record and print what came out.

    Whichever way the run ends, what is known is printed as soon as there is a record.
    """
    screens = consoles(json=json)
    recording, last = Recording(), Last()
    try:
        with _watching(screens, amount) as view:
            checked = plan(name, overrides, smoke=smoke, confirm=confirm)
            elsewhere = seeds_by(launcher) if launcher else None
            execute(checked, (recording, view, last, *trackers(checked.settings.sink, recording)), elsewhere)
        if recording.record is not None and last.outcome is not None:
            _save_figures(last.outcome, recording.record.path)
    finally:
        if recording.record is not None and last.outcome is not None:
            if json:
                print_document(run_document(recording.record))
            else:
                report(last.outcome, recording.record.path, screens, amount)


def report(outcome: Outcome, record: Path, screens: Consoles, amount: Amount, run: str = "last") -> None:
    """Print how a run ended, in as many lines as were asked for."""
    console, ending = screens.results, ending_of(outcome, record, run)
    if amount is Amount.LINE:
        console.print(ending.verdict_line(), soft_wrap=True)
        return
    if amount is Amount.ALL:
        _print_all(outcome, screens)
    console.print(ending, crop=False)


def _print_all(outcome: Outcome, screens: Consoles) -> None:
    console = screens.results
    for note in outcome.notes:
        console.print(note, soft_wrap=True)
    for shown in ALL.of(outcome):
        console.print(shown)
        console.print()


def _watching(screens: Consoles, amount: Amount) -> AbstractContextManager[Sink]:
    return nullcontext(Sink()) if amount is Amount.LINE else live(screens.messages, usual=_usual)


def _usual(plan: Plan) -> float | None:
    return usual_seconds(plan.command)


def _save_figures(outcome: Outcome, record: Path) -> None:
    save_all(outcome.plan.experiment, outcome.rows, outcome.figures, record / "plots")
