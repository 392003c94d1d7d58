"""``mlnotes verify``: run studies and compare their findings with what the literature predicts."""

from __future__ import annotations

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
from cli.exits import FAILED, complain
from cli.running.ci import append_summary, durations, write_junit
from cli.running.launch import launched
from cli.running.unchanged import unchanged
from cli.running.verification import Verification, verification
from experiments.lab.catalog import Study, find, studies
from experiments.lab.judge.book import Book


@dataclass(frozen=True, kw_only=True)
class How:
    """How studies are verified, and what is written of it."""

    smoke: bool = False
    json: bool = False
    debug: bool = False
    launcher: str = ""
    """One of Hydra's launchers; by default one study after the other in this process."""
    junit: Path | None = None
    summary: Path | None = None
    durations: bool = False
    changed: bool = False
    """Whether a study with the same numbers, code and versions as in a finished run is left out."""


def verify_studies(names: tuple[str, ...], how: How) -> None:
    """Run every study that is named or belongs to a named family, and print one line per claim.

    Raises:
        InputError: a name that is no study and no family, or a launcher that is not there.
        typer.Exit: with 1 where a finding differs from its prediction or a study could not be run.
    """
    screens, done = consoles(json=how.json), []
    for one in _verifications(chosen(names), screens, how):
        done.append(one)
        complain(*(f"{one.study}: {line}" for line in one.errors))
        for finding in one.findings:
            screens.results.print(Text.assemble((one.study, "accent"), "  ", verify_line(finding)), soft_wrap=True)
    screens.results.print(summary(done))
    book = Book({one.study: one.findings for one in done})
    if len(done) > 1 or book.of("statistical"):
        screens.results.print("; ".join(book.lines()), soft_wrap=True)
    _write(done, screens, how)
    if not all(verification.as_predicted for verification in done):
        raise typer.Exit(FAILED)


def _verifications(chosen: Sequence[Study], screens: Consoles, how: How) -> Iterator[Verification]:
    """What comes of the studies: first what is known already, then the others in their order."""
    names = [study.name for study in chosen]
    known = {name: one for name in names if how.changed and (one := unchanged(name, smoke=how.smoke))}
    if known:
        screens.messages.print(f"{len(known)} of {len(names)} studies are unchanged since their last run")
        yield from known.values()
    names = [name for name in names if name not in known]
    if how.launcher and names:
        yield from launched(names, how.launcher, smoke=how.smoke, debug=how.debug)
        return
    for name in names:
        screens.messages.print(name, style="muted")
        with live(screens.messages) as view:
            found = verification(name, smoke=how.smoke, debug=how.debug, sinks=(view,))
        yield found


def _write(done: Sequence[Verification], screens: Consoles, how: How) -> None:
    """Everything that is asked for beside the lines."""
    if how.durations:
        for line in durations(done):
            screens.results.print(line)
    if how.junit is not None:
        write_junit(done, how.junit)
    if how.summary is not None:
        append_summary(done, how.summary)
    if how.json:
        print_document({"as_predicted": all(v.as_predicted for v in done), "studies": [_document(v) for v in done]})


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


def _document(verification: Verification) -> dict[str, Any]:
    return {
        "study": verification.study,
        "record": str(verification.record.resolve()) if verification.record else None,
        "as_predicted": verification.as_predicted,
        "errors": list(verification.errors),
        "seconds": verification.seconds,
        "findings": [finding.to_json() for finding in verification.findings],
    }
