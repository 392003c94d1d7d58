"""The sink that hands a run to a tracker: TensorBoard, MLflow or visdom, as ``sink=NAME`` asks for.

The record is written first and depends on none of them: a tracker that fails is left out of the rest of the run, and
the user is told so once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cli.exits import complain
from cli.pictures.figures import pictures_of, style
from cli.sinks.scalars import Scalar, Scalars
from experiments.lab.errors import InputError
from experiments.lab.experiment import Figure, Row, Trace
from experiments.lab.plan import Plan
from experiments.lab.recording import Recording
from experiments.lab.sinks import Outcome, Sink

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

CLASSES = {"tensorboard": "TensorBoard", "mlflow": "MLflow", "visdom": "Visdom"}
"""Tracker -> its class, in the module of cli.sinks that bears its name; the extra that it needs bears it too."""
EVERY_SECONDS = 0.5
"""How often a tracker hears of new points: a request for each would slow the run down."""


class Tracker(Protocol):
    """What one program needs to show a run; made without arguments, which imports the program."""

    def begin(self, plan: Plan, record: Path) -> None:
        """Open a run with its parameters.

        Raises:
            InputError: nobody answers.
        """

    def scalars(self, points: Sequence[Scalar]) -> None:
        """Points that have come."""

    def figure(self, name: str, picture: Picture) -> None:
        """A figure of the run, once it is over."""

    def end(self, outcome: Outcome) -> None:
        """The findings, and how the run ended."""


class Tracking(Sink):
    """Tells one tracker what happens in a run that is recorded."""

    def __init__(self, name: str, tracker: Tracker, recording: Recording) -> None:
        self.name = name
        self._tracker, self._recording = tracker, recording
        self._waiting: list[Scalar] = []
        self._told_at = 0.0
        self._lost = False

    def start(self, plan: Plan) -> None:
        assert self._recording.directory is not None, "the record is told first"
        self._scalars = Scalars(plan)
        self._tracker.begin(plan, self._recording.directory)

    def row(self, part: str, row: Row) -> None:
        self._add(self._scalars.of_row(part, row))

    def figure(self, figure: Figure) -> None:
        if isinstance(figure, Trace):
            self._add(self._scalars.of_trace(figure))

    def end(self, outcome: Outcome) -> None:
        self._unless_lost(self._end, outcome)

    def _add(self, points: Iterator[Scalar]) -> None:
        self._waiting += points
        if time.monotonic() - self._told_at >= EVERY_SECONDS:
            self._unless_lost(self._flush)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._tracker.scalars(waiting)
        self._told_at = time.monotonic()

    def _end(self, outcome: Outcome) -> None:
        self._flush()
        with style():
            for picture in pictures_of(outcome.plan.experiment, outcome.rows, outcome.figures):
                self._tracker.figure(picture.name, picture.draw())
        self._tracker.end(outcome)

    def _unless_lost(self, action: Callable[..., None], *arguments: object) -> None:
        if self._lost:
            return
        try:
            action(*arguments)
        except Exception as error:  # whatever a server or a package does, the run is worth more
            self._lost = True
            said = " ".join(f"{type(error).__name__}: {error}".split())
            complain(f"{self.name} is left out from here on: {said}; the record is complete without it")


def trackers(names: Sequence[str], recording: Recording) -> list[Tracking]:
    """The sinks of ``sink=NAME,NAME``.

    Raises:
        InputError: a package that is not installed.
    """
    return [Tracking(name, _tracker(name), recording) for name in dict.fromkeys(names)]


def _tracker(name: str) -> Tracker:
    try:
        tracker: Tracker = getattr(import_module(f"cli.sinks.{name}"), CLASSES[name])()
    except ImportError as error:
        raise InputError(f"sink={name} needs a package: pip install 'mlnotes[{name}]' ({error})") from None
    return tracker
