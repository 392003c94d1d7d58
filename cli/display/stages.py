"""The stages of a run as Progress events tell them: which are under way, which are done and how long they took."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cli.display.formats import one_value
from experiments.lab.experiment import Progress


@dataclass
class Stage:
    """One stage under way; ``begun`` in the seconds of the clock."""

    name: str
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
        now = self.clock()
        begins = event.stage not in self.active
        stage = self.active.setdefault(event.stage, Stage(event.stage, now, 0.0, event.total))
        stage.done, stage.total = event.done, event.total
        if event.done < event.total:
            return stage, begins, None
        del self.active[event.stage]
        times, seconds = self.finished.pop(event.stage, (0, 0.0))
        self.finished[event.stage] = times + 1, seconds + now - stage.begun
        return stage, begins, now - stage.begun

    def summary(self) -> list[str]:
        """One text per stage that ended, the latest last: ``build 2.1 s``, ``epoch 10 times 43 s``."""
        return [
            f"{name} {f'{times} times ' if times > 1 else ''}{duration(seconds)}"
            for name, (times, seconds) in self.finished.items()
        ]


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
