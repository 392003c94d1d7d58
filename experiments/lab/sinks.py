"""Sinks take the events of a run: the record, the live view and plain lines are sinks, and a new one is one class.

A sink overrides what it wants to know. The runner tells every sink in turn, the record first, so that what is shown is
on disk already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from experiments.lab.experiment import Artifact, Drawing, Event, Figure, Heatmap, Note, Progress, Row, Rows, Trace
from experiments.lab.judge.judge import Finding
from experiments.lab.plan import Plan

Status = Literal["running", "done", "failed", "interrupted", "killed"]


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A look at the claims in a run that adds seeds until they are decided."""

    number: int
    """From 1 on."""
    of: int
    seeds: int
    """So far."""
    level: float
    decided: tuple[str, ...]
    """Claims that this look decided."""
    undecided: Mapping[str, str]
    """Claim -> what would decide it."""
    then: int | None
    """Seeds at the next look; None where there is none."""
    ends: str
    """Why the run ends here; empty where it goes on."""

    @property
    def text(self) -> str:
        """The look in one line."""
        open_claims = "; ".join(f"{claim} ({price})" for claim, price in self.undecided.items())
        said = f"look {self.number} of {self.of}, {self.seeds} seeds: {len(self.decided)} newly decided"
        left = f"; undecided: {open_claims}" if open_claims else ""
        return f"{said}{left}; " + (f"goes on to {self.then} seeds" if self.then else f"ends: {self.ends}")


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
    looks: tuple[Looked, ...] = ()
    """Of a run that adds seeds until its claims are decided."""
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

    def look(self, looked: Looked) -> None:
        """A look at the claims; said as a note unless it is overridden."""
        self.note(looked.text)

    def end(self, outcome: Outcome) -> None:
        """The run is over, whichever way."""


@dataclass(frozen=True)
class SeedDone:
    """What the runner says when a repetition has come to its end."""

    seed: int


def tell(sink: Sink, part: str, event: Event | SeedDone | Looked) -> None:
    """Hand an event to the method of its kind."""
    match event:
        case SeedDone(seed):
            sink.seed_done(seed)
        case Looked():
            sink.look(event)
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
