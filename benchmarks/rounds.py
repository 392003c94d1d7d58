"""Short stretches of training of several contestants in turns, and how much of the CPUs others took meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Round:
    """What one contestant did in one stretch of time."""

    rate: float
    """Images a second."""
    cpu_rate: float
    """Images per CPU second of this process, which other processes hardly change."""
    foreign: float
    """Share of our CPUs that others took."""


@dataclass
class Contestant:
    """Something that trains; ``work`` yields the number of images of each update, without end."""

    name: str
    work: Iterator[int]

    def round(self, seconds: float) -> Round:
        """Train for at least ``seconds``."""
        busy, own = machine_seconds(), time.process_time()
        start, images = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            images += next(self.work)
        elapsed, used = time.perf_counter() - start, time.process_time() - own
        foreign = max(0.0, machine_seconds() - busy - used)
        return Round(images / elapsed, images / used, foreign / (elapsed * len(os.sched_getaffinity(0))))


def machine_seconds() -> float:
    """Seconds that all processes together have used of the CPUs that this one may use (Linux)."""
    ours = {f"cpu{number}" for number in os.sched_getaffinity(0)}
    with open("/proc/stat", encoding="ascii") as file:
        fields = [line.split() for line in file if line.split()[0] in ours]
    busy = [sum(map(int, (*row[1:4], *row[6:8]))) for row in fields]  # user, nice, system, irq, softirq
    return sum(busy) / os.sysconf("SC_CLK_TCK")
