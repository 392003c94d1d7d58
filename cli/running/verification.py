"""One study run and held against its predictions: a value, so that it can come from another process."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.exits import explanation
from cli.running.plans import plan_as_it_stands
from experiments.lab.errors import InputError
from experiments.lab.judge.judge import Finding
from experiments.lab.recording import Recording
from experiments.lab.runner import execute
from experiments.lab.sinks import Sink


@dataclass(frozen=True)
class Verification:
    """What came of one study."""

    study: str
    record: Path | None
    findings: tuple[Finding, ...] = ()
    errors: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def as_predicted(self) -> bool:
        return not self.errors and all(finding.as_predicted for finding in self.findings)


def verification(
    study: str, *, smoke: bool, debug: bool = False, home: Path | None = None, sinks: Sequence[Sink] = ()
) -> Verification:
    """Run a study at its own numbers and record it below ``home``; an error is kept in words, since others follow."""
    recording = Recording(home=home)
    try:
        outcome = execute(plan_as_it_stands(study, smoke=smoke), (recording, *sinks))
    except Exception as error:
        traced = debug and not isinstance(error, InputError)
        lines = tuple(traceback.format_exc().splitlines()) if traced else explanation(error)
        return Verification(study, recording.directory, errors=lines)
    if outcome is None:
        return Verification(study, recording.directory)
    return Verification(study, recording.directory, outcome.findings, seconds=outcome.seconds)
