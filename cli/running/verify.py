"""``mlnotes verify``: run studies and compare their findings with what the literature predicts."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.text import Text

from cli.display.console import Consoles, consoles
from cli.display.findings import verdict_counts, verify_line
from cli.display.live import live
from cli.document import print_document
from cli.exits import FAILED, complain, explanation
from cli.running.plans import plan
from experiments.lab.catalog import Study, find, studies
from experiments.lab.errors import InputError
from experiments.lab.judge.book import Book
from experiments.lab.judge.judge import Finding
from experiments.lab.recording import Recording
from experiments.lab.runner import execute


@dataclass(frozen=True)
class Verification:
    """What came of one study."""

    study: str
    record: Path | None
    findings: tuple[Finding, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def as_predicted(self) -> bool:
        return not self.errors and all(finding.as_predicted for finding in self.findings)


def verify_studies(names: tuple[str, ...], *, smoke: bool, json: bool, debug: bool) -> None:
    """Run every study that is named or belongs to a named family, and print one line per claim.

    Raises:
        InputError: a name that is no study and no family.
        typer.Exit: with 1 where a finding differs from its prediction or a study could not be run.
    """
    screens = consoles(json=json)
    done = []
    for study in chosen(names):
        screens.messages.print(study.name, style="muted")
        done.append(_verify(study, screens, smoke=smoke, debug=debug))
        for finding in done[-1].findings:
            screens.results.print(Text.assemble((study.name, "accent"), "  ", verify_line(finding)), soft_wrap=True)
    screens.results.print(summary(done))
    book = Book({verification.study: verification.findings for verification in done})
    if len(done) > 1 or book.of("statistical"):
        screens.results.print("; ".join(book.lines()), soft_wrap=True)
    if json:
        print_document({"as_predicted": all(v.as_predicted for v in done), "studies": [_document(v) for v in done]})
    if not all(verification.as_predicted for verification in done):
        raise typer.Exit(FAILED)


def summary(done: Sequence[Verification]) -> str:
    """Verdicts, surprises and failures in one line."""
    findings = [finding for verification in done for finding in verification.findings]
    surprises = sum(not finding.as_predicted for finding in findings)
    failures = sum(bool(verification.errors) for verification in done)
    parts = [
        f"{len(findings)} claims: {verdict_counts(finding.verdict for finding in findings)}"
        if findings
        else "no claims",
        f"{surprises} not as predicted",
        *([f"{failures} of {len(done)} studies could not be run"] if failures else []),
    ]
    return "; ".join(parts)


def chosen(names: tuple[str, ...]) -> tuple[Study, ...]:
    """The studies of these names, in order; of a family, and of everything, those that bear their experiment's name.

    A further study of an experiment, at paper size or on data that have to be fetched, runs only where it is named.
    """
    found = dict.fromkeys(study for name in names or _families() for study in _of(name))
    return tuple(found)


def _families() -> tuple[str, ...]:
    return tuple(dict.fromkeys(study.family for study in studies()))


def _of(name: str) -> Iterator[Study]:
    if "." in name:
        yield find(name)
    else:
        yield from (study for study in studies(name) if study.name == study.experiment)


def _verify(study: Study, screens: Consoles, *, smoke: bool, debug: bool) -> Verification:
    recording = Recording()
    try:
        with live(screens.messages) as view:
            outcome = execute(plan(study.name, smoke=smoke), (recording, view))
    except Exception as error:  # the other studies go on; the exit code tells it
        if debug and not isinstance(error, InputError):
            traceback.print_exc()
        complain(*(f"{study.name}: {line}" for line in explanation(error)))
        return Verification(study.name, recording.directory, errors=explanation(error))
    return Verification(study.name, recording.directory, outcome.findings if outcome else ())


def _document(verification: Verification) -> dict[str, Any]:
    return {
        "study": verification.study,
        "record": str(verification.record.resolve()) if verification.record else None,
        "as_predicted": verification.as_predicted,
        "errors": list(verification.errors),
        "findings": [finding.to_json() for finding in verification.findings],
    }
