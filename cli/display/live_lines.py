"""A run in a pipe or in CI: plain lines, one per row, and of stages no more than a reader of a log can use."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from types import TracebackType

from rich.console import Console

from cli.display.stages import Stage, Stages, duration
from experiments.lab.experiment import Artifact, Figure, Note, Progress, Row

INTERVAL = 10.0
"""Seconds between two lines of the same stage."""
LONGEST = 40
"""Characters of a text in a row's line."""


class LiveLines:
    """Prints each event as at most one line, without control codes."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self.console = console
        self.clock = clock
        self.stages = Stages(clock)
        self._said: dict[tuple[str, str], float] = {}

    def __enter__(self) -> LiveLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def __call__(self, event: object) -> None:
        if isinstance(event, Row):
            self._print(row_line(event))
        elif isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Note):
            self._print(event.text)
        elif isinstance(event, Figure):
            self._print(f"figure {event.name}")
        elif isinstance(event, Artifact):
            self._print(f"file {event.name}")

    def _progress(self, event: Progress) -> None:
        stage, begins, seconds = self.stages.update(event)
        if seconds is not None:
            self._say(stage.name, "ends", f"{stage.name}: done in {duration(seconds)}")
        elif begins:
            self._say(stage.name, "begins", f"{stage.name}: begun")
            self._said[stage.name, "goes on"] = self.clock()
        else:
            self._say(stage.name, "goes on", _so_far(stage, self.clock()))

    def _say(self, name: str, what: str, line: str) -> None:
        """Print the line unless one of its sort came less than INTERVAL ago."""
        now = self.clock()
        if now - self._said.get((name, what), -math.inf) >= INTERVAL:
            self._said[name, what] = now
            self._print(line)

    def _print(self, line: str) -> None:
        self.console.print(line, soft_wrap=True)


def row_line(row: Row) -> str:
    """The row as ``key=value`` pairs with six significant digits.

    None and empty text are left out, text with spaces is quoted, long text is cut: the record has it whole.
    """
    pairs = ((field.name, getattr(row, field.name)) for field in dataclasses.fields(row))
    return " ".join(f"{name}={_value(value)}" for name, value in pairs if value not in (None, ""))


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str):
        text = value if len(value) <= LONGEST else f"{value[: LONGEST - 3]}..."
        return json.dumps(text, ensure_ascii=False) if set(text) & set(' ="\n') else text
    return str(value).lower() if isinstance(value, bool) else str(value)


def _so_far(stage: Stage, now: float) -> str:
    share = f"{stage.done / stage.total:.0%}" if stage.total > 0 else f"{stage.done:g}"
    remaining = stage.remaining(now)
    left = "" if remaining is None else f", about {duration(remaining)} left"
    return f"{stage.name}: {share} after {duration(now - stage.begun)}{left}"
