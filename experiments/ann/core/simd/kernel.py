"""How this family compiles its inner loops, and how it spreads them over threads.

A kernel is a module-level function compiled by numba, cached on disk, that runs without the interpreter's lock.
Threads are plain Python threads that take chunks of independent items; numba's own thread layer is not used, so
nothing here meets OpenMP pools, survives a fork badly or depends on the number of threads: every item is computed
alone, in the same way.
"""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])

REORDERED_SUMS = {"reassoc", "contract", "nsz"}
"""Float rules that the loops may break: order of sums, fused products, sign of zero. NaN and infinity keep their
meaning.
"""


def kernel(function: F) -> F:
    """Compile a module-level function; sums keep the order that is written."""
    # error_model="numpy": x / 0 is infinity or NaN, so that a loop has no branch that raises.
    return _stamped(numba.njit(function, cache=True, nogil=True, error_model="numpy"))


def fast_kernel(function: F) -> F:
    """Compile a module-level function whose sums may be reordered, so that they use vector registers."""
    return _stamped(numba.njit(function, cache=True, nogil=True, error_model="numpy", fastmath=REORDERED_SUMS))


@cache
def sources_stamp() -> str:
    """Digest of all sources of this package."""
    sources = sorted(Path(__file__).parents[1].rglob("*.py"))
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()


def _stamped(dispatcher: Any) -> Any:
    """Tie what is cached on disk to all sources.

    numba looks at the file of the kernel alone, and would go on using what was compiled with an older version of a
    function or an instruction that the kernel calls. And it fails where the index of the cache names a class that is
    no longer there; then everything is compiled anew.
    """
    file = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    if file is not None:
        file._source_stamp = sources_stamp()
        file._load_index = partial(_index_or_nothing, file._load_index)
    return dispatcher


def _index_or_nothing(load: Callable[[], dict[Any, Any]]) -> dict[Any, Any]:
    try:
        return load()
    except (ImportError, AttributeError):
        return {}


def usable_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_chunks(work: Callable[[int, int, int], object], total: int, *, chunk: int, threads: int) -> Iterator[int]:
    """Call ``work(worker, start, stop)`` over [0, total) and yield how many items are done after each chunk.

    Args:
        work: handles items start..stop-1; ``worker`` in [0, threads) names the scratch memory that it may use.
        total: number of items.
        chunk: items per call.
        threads: workers; with more than one the caller's thread only waits and counts.

    Raises:
        Exception: whatever ``work`` raised, once; the remaining chunks are dropped.
    """
    starts = iter(range(0, total, chunk))
    if threads == 1 or total <= chunk:
        for start in starts:
            stop = min(start + chunk, total)
            work(0, start, stop)
            yield stop
        return
    lock = threading.Lock()
    results: queue.SimpleQueue[int | BaseException] = queue.SimpleQueue()
    cancelled = threading.Event()

    def serve(worker: int) -> None:
        while not cancelled.is_set():
            with lock:
                start = next(starts, None)
            if start is None:
                return
            stop = min(start + chunk, total)
            try:
                work(worker, start, stop)
            except BaseException as error:
                cancelled.set()
                results.put(error)
                return
            results.put(stop - start)

    workers = [threading.Thread(target=serve, args=(worker,), daemon=True) for worker in range(threads)]
    for thread in workers:
        thread.start()
    done = 0
    try:
        while done < total:
            outcome = results.get()
            if isinstance(outcome, BaseException):
                raise outcome
            done += outcome
            yield done
    finally:
        cancelled.set()
        for thread in workers:
            thread.join()


def run_all(work: Callable[[int, int, int], object], total: int, *, chunk: int, threads: int) -> None:
    """``run_chunks`` for callers that show no progress; the caller's thread works too.

    >>> squares = [0] * 5
    >>> def work(worker: int, start: int, stop: int) -> None:
    ...     squares[start:stop] = [i * i for i in range(start, stop)]
    >>> run_all(work, 5, chunk=2, threads=2)
    >>> squares
    [0, 1, 4, 9, 16]
    """
    starts = iter(range(0, total, chunk))
    lock = threading.Lock()
    failures: list[BaseException] = []

    def serve(worker: int) -> None:
        while not failures:
            with lock:
                start = next(starts, None)
            if start is None:
                return
            try:
                work(worker, start, min(start + chunk, total))
            except BaseException as failure:
                failures.append(failure)

    others = [threading.Thread(target=serve, args=(worker,), daemon=True) for worker in range(1, threads)]
    if total <= chunk:
        others = []
    for thread in others:
        thread.start()
    serve(0)
    for thread in others:
        thread.join()
    if failures:
        raise failures[0]


def finish(steps: Generator[object, None, T]) -> T:
    """Run a stepwise computation to its end and return its value.

    >>> def steps():
    ...     yield 1
    ...     return "done"
    >>> finish(steps())
    'done'
    """
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return cast(T, end.value)
