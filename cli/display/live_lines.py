"""A run in a pipe or in CI: plain lines, of stages no more than a reader of a log can use, and no rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import TracebackType

from rich.console import Console

from cli.display.stages import Pace, Stage, Stages, duration, without_seed
from experiments.lab.experiment import Artifact, Progress
from experiments.lab.plan import Plan
from experiments.lab.sinks import Looked, Sink

INTERVAL = 10.0
"""Seconds between two lines of the same stage."""


class LiveLines(Sink):
    """Prints each event as at most one line, without control codes."""

    def __init__(self, console: Console, clock: Callable[[], float], usual: Callable[[Plan], float | None]) -> None:
        self.console = console
        self.clock = clock
        self.usual = usual
        self.pace = Pace(clock, clock())
        self.stages = Stages(clock)
        self._said: dict[tuple[str, str], float] = {}

    def __enter__(self) -> LiveLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def start(self, plan: Plan) -> None:
        self.pace.seeds, self.pace.usual = len(plan.seeds), self.usual(plan)

    def seed_done(self, seed: int) -> None:
        self.pace.seed_done()
        left = self.pace.remaining
        if left and self.pace.seeds > 1:
            so_far = f"{self.pace.done} of {self.pace.seeds} seeds after {duration(self.pace.elapsed)}"
            self._say("seeds", "done", f"{so_far}, about {duration(left)} left")

    def progress(self, progress: Progress) -> None:
        stage, begins, seconds = self.stages.update(progress)
        if seconds is not None:
            self._say(stage.name, "ends", f"{stage.name}: done in {duration(seconds)}")
        elif begins:
            self._say(stage.name, "begins", f"{stage.name}: begins")
            self._said[without_seed(stage.name), "goes on"] = self.clock()
        else:
            self._say(stage.name, "goes on", _so_far(stage, self.clock()))

    def look(self, looked: Looked) -> None:
        self.pace.seeds = looked.then or self.pace.seeds
        self.note(looked.text)

    def note(self, text: str) -> None:
        self._print(text)

    def artifact(self, artifact: Artifact) -> None:
        self._print(f"file {artifact.name}")

    def _say(self, name: str, what: str, line: str) -> None:
        """Print the line unless one of its sort, of whichever seed, came less than INTERVAL ago."""
        now, sort = self.clock(), (without_seed(name), what)
        if now - self._said.get(sort, -math.inf) >= INTERVAL:
            self._said[sort] = now
            self._print(line)

    def _print(self, line: str) -> None:
        self.console.print(line, soft_wrap=True)


def _so_far(stage: Stage, now: float) -> str:
    share = f"{stage.done / stage.total:.0%}" if stage.total > 0 else f"{stage.done:g}"
    remaining = stage.remaining(now)
    left = "" if remaining is None else f", about {duration(remaining)} left"
    return f"{stage.shown}: {share} after {duration(now - stage.begun)}{left}"
