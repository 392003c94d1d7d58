"""How far a run has come: the stages that its Progress events tell of, and the whole by the seeds that are done."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from cli.display.formats import one_value
from experiments.lab.experiment import Progress

SEED = re.compile(r"^seed \d+: ")
REMARK = re.compile(r", [a-z ]+ (-?[\d.]+(e[-+]?\d+)?|nan|inf)$")
"""What a stage says beside its name and says anew with every event, such as ", loss 2.3026"."""


@dataclass
class Stage:
    """One stage under way; ``begun`` in the seconds of the clock."""

    name: str
    shown: str
    """The name with what is remarked at the moment."""
    begun: float
    done: float
    total: float

    def remaining(self, now: float) -> float | None:
        """Seconds left at the pace so far, None before there is one."""
        if self.done <= 0 or self.total <= 0:
            return None
        return (now - self.begun) * max(0.0, self.total - self.done) / self.done


class Stages:
    """Follows Progress events. A stage ends when ``done`` reaches ``total`` and may begin again, as batches do."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.active: dict[str, Stage] = {}
        self.finished: dict[str, tuple[int, float]] = {}
        """Name -> (how often it ended, seconds in all)."""

    def update(self, event: Progress) -> tuple[Stage, bool, float | None]:
        """The event's stage, whether it begins, and its seconds if it ends."""
        now, name = self.clock(), REMARK.sub("", event.stage)
        begins = name not in self.active
        stage = self.active.setdefault(name, Stage(name, event.stage, now, 0.0, event.total))
        stage.shown, stage.done, stage.total = event.stage, event.done, event.total
        if event.done < event.total:
            return stage, begins, None
        del self.active[name]
        times, seconds = self.finished.pop(name, (0, 0.0))
        self.finished[name] = times + 1, seconds + now - stage.begun
        return stage, begins, now - stage.begun

    def seed_done(self, seed: int) -> None:
        """End what is left of a seed's stages: those that never said that they were at their end."""
        for name in [name for name in self.active if name.startswith(f"seed {seed}: ")]:
            stage = self.active[name]
            self.update(Progress(name, stage.total, stage.total))

    def summary(self) -> list[str]:
        """One text per stage that ended, over all seeds, the latest last: ``build 2.1 s``, ``epoch 10 times 43 s``."""
        by_name: dict[str, tuple[int, float]] = {}
        for name, (times, seconds) in self.finished.items():
            before, so_far = by_name.pop(without_seed(name), (0, 0.0))
            by_name[without_seed(name)] = before + times, so_far + seconds
        return [
            f"{name} {f'{times} times ' if times > 1 else ''}{duration(seconds)}"
            for name, (times, seconds) in by_name.items()
        ]


@dataclass
class Pace:
    """How far the whole run has come and how long it has still to go, by the seeds that are done."""

    clock: Callable[[], float]
    begun: float
    seeds: int = 1
    usual: float | None = None
    """Seconds that the same run took before."""
    done: int = 0
    _since: float = 0.0

    def seed_done(self) -> None:
        self.done, self._since = self.done + 1, self.clock()

    @property
    def elapsed(self) -> float:
        return self.clock() - self.begun

    @property
    def remaining(self) -> float | None:
        """Seconds left: at the pace of the seeds so far, before there are any as the run took before; else None."""
        if self.done:
            left = (self._since - self.begun) / self.done * (self.seeds - self.done)
            return max(0.0, left - (self.clock() - self._since))
        return None if self.usual is None else max(0.0, self.usual - self.elapsed)

    @property
    def share(self) -> float:
        """How much of the run is done, from 0 to 1."""
        left = self.remaining
        return self.done / self.seeds if left is None else self.elapsed / max(self.elapsed + left, 1e-9)

    @property
    def text(self) -> str:
        """Which seed is under way."""
        return f"seed {min(self.done + 1, self.seeds)} of {self.seeds}"


def without_seed(stage: str) -> str:
    """The name of a stage without the seed that the runner put before it.

    >>> without_seed("seed 3: build"), without_seed("build")
    ('build', 'build')
    """
    return SEED.sub("", stage)


def duration(seconds: float) -> str:
    """Seconds for reading: two or three figures with their unit.

    >>> duration(0.0123), duration(2.149), duration(754)
    ('12.3 ms', '2.15 s', '12.6 min')
    """
    return one_value("seconds", float(f"{seconds:.3g}"))


def clock_time(seconds: float) -> str:
    """Whole seconds, steady enough for a display that changes all the time.

    >>> clock_time(0.4), clock_time(59.2), clock_time(61.0), clock_time(3723.0)
    ('0 s', '59 s', '1:01', '1:02:03')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"
