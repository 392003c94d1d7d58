"""Sinks take the events of a run: the record, the live view and plain lines are sinks, and a new one is one class.

A sink overrides what it wants to know. The runner tells every sink in turn, the record first, so that what is shown is
on disk already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from experiments.lab.experiment import Artifact, Drawing, Event, Figure, Heatmap, Note, Progress, Row, Rows, Trace
from experiments.lab.judge.judge import Finding
from experiments.lab.plan import Plan

Status = Literal["running", "done", "failed", "interrupted", "killed"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended, and all that it observed until then."""

    plan: Plan
    status: Status
    rows: Rows
    notes: tuple[str, ...]
    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...] = ()
    """Empty where the run did not come to its end."""
    answer: str = ""
    seeds_done: tuple[int, ...] = ()
    """Seeds that came to their end, in the order in which they did."""
    error: BaseException | None = None
    seconds: float = 0.0


class Sink:
    """Takes what happens in a run; every method does nothing until it is overridden."""

    def start(self, plan: Plan) -> None:
        """The first event has come: data and parameters are good."""

    def row(self, part: str, row: Row) -> None:
        """One observation of a part."""

    def progress(self, progress: Progress) -> None:
        """A stage has come further."""

    def note(self, text: str) -> None:
        """A sentence for the reader."""

    def figure(self, figure: Figure) -> None:
        """A drawing, a heat map or a trace."""

    def artifact(self, artifact: Artifact) -> None:
        """A file to be written."""

    def seed_done(self, seed: int) -> None:
        """A repetition has come to its end: all its rows are known."""

    def end(self, outcome: Outcome) -> None:
        """The run is over, whichever way."""


@dataclass(frozen=True)
class SeedDone:
    """What the runner says when a repetition has come to its end."""

    seed: int


def tell(sink: Sink, part: str, event: Event | SeedDone) -> None:
    """Hand an event to the method of its kind."""
    match event:
        case SeedDone(seed):
            sink.seed_done(seed)
        case Row():
            sink.row(part, event)
        case Progress():
            sink.progress(event)
        case Note(text):
            sink.note(text)
        case Artifact():
            sink.artifact(event)
        case Heatmap() | Drawing() | Trace():
            sink.figure(event)
