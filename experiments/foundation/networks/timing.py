"""One thread, one seed, and clocks that treat what they compare alike.

On matrices of a few hundred rows threads that wait for each other cost more than they compute, and timings on several
threads depend on what else runs. Times are compared in turns, so that a slow moment of the machine meets everyone.
Source: Georges et al., Statistically Rigorous Java Performance Evaluation, OOPSLA 2007 (warm-up, repetitions).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

import torch

K = TypeVar("K", bound=Hashable)


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    """torch on ``count`` threads inside, on as many as before outside.

    >>> with on_threads(1):
    ...     torch.get_num_threads()
    1
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def one_thread() -> AbstractContextManager[None]:
    """torch on one thread inside the block."""
    return on_threads(1)


@contextmanager
def reproducible(seed: int, threads: int = 1) -> Iterator[None]:
    """torch's global generator seeded and torch on ``threads`` threads inside; both as before outside.

    The order of floating-point sums depends on the number of threads, so equal bits need both.

    >>> with reproducible(0):
    ...     first = torch.rand(3)
    >>> with reproducible(0):
    ...     bool((torch.rand(3) == first).all())
    True
    """
    with torch.random.fork_rng(devices=[]), on_threads(threads):
        torch.manual_seed(seed)
        yield


def time_in_turns(
    calls: Mapping[K, Callable[[], object]],
    rounds: int,
    *,
    warmup: int = 1,
    clock: Callable[[], float] = time.perf_counter,
    before: Callable[[], object] = lambda: None,
) -> dict[K, list[float]]:
    """Seconds (rounds,) of every call, one call of each per round; the first ``warmup`` rounds are not counted.

    Args:
        clock: ``time.perf_counter`` for what a person waits, ``time.process_time`` for processor time, which a busy
            machine hardly changes.
        before: runs unmeasured in front of every call, such as ``network.zero_grad``.

    >>> {name: len(seconds) for name, seconds in time_in_turns({"sum": lambda: sum(range(9))}, 5).items()}
    {'sum': 5}
    """
    seconds: dict[K, list[float]] = {name: [] for name in calls}
    for turn in range(warmup + rounds):
        for name, call in calls.items():
            before()
            start = clock()
            call()
            if turn >= warmup:
                seconds[name].append(clock() - start)
    return seconds
