"""How this family compiles its inner loops, and how it spreads them over threads.

A kernel is a module-level function compiled by numba, cached on disk, that runs without the interpreter's lock.
Threads are plain Python threads that take chunks of independent items; numba's own thread layer is not used, so
nothing here meets OpenMP pools, survives a fork badly or depends on the number of threads: every item is computed
alone, in the same way.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
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
    return _tie_to_sources(numba.njit(function, cache=True, nogil=True, error_model="numpy"))


def fast_kernel(function: F) -> F:
    """Compile a module-level function whose sums may be reordered, so that they use vector registers."""
    return _tie_to_sources(numba.njit(function, cache=True, nogil=True, error_model="numpy", fastmath=REORDERED_SUMS))


@cache
def sources_stamp() -> str:
    """Digest of all sources of this family's core."""
    sources = sorted(Path(__file__).parents[1].rglob("*.py"))
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()


def _tie_to_sources(dispatcher: Any) -> Any:
    """Tie what is cached on disk to all sources.

    numba looks at the file of the kernel alone, and would go on using what was compiled with an older version of a
    function or an instruction that the kernel calls. And it fails where the index of the cache names a class that is
    no longer there; then everything is compiled anew.
    """
    # Private names of numba, since its public ways (NUMBA_CACHE_DIR, NUMBA_CACHE_LOCATOR_CLASSES) hold for every
    # package in the process, take over the choice of a folder that can be written to, and with a folder for each digest
    # would keep the kernels of all versions for ever. Where a numba lacks the names, it caches as it does by itself.
    file = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    if file is not None:
        file._source_stamp = sources_stamp()
        file._load_index = partial(_index_or_nothing, file._load_index)
    return dispatcher


def _index_or_nothing(load: Callable[[], dict[Any, Any]]) -> dict[Any, Any]:
    """What the index of a cache holds, or nothing where it cannot be read any more."""
    try:
        return load()
    except (ImportError, AttributeError):  # a class of an argument that the pickled index names has moved
        return {}


class _Chunks:
    """The chunks of [0, total) that some threads share; each is handed out once."""

    def __init__(
        self,
        work: Callable[[int, int, int], object],
        total: int,
        chunk: int,
        report: Callable[[int | BaseException], None],
    ) -> None:
        self.work, self.total, self.chunk, self.report = work, total, chunk, report
        self.starts = iter(range(0, total, chunk))
        self.lock = threading.Lock()
        self.cancelled = False

    def serve(self, worker: int) -> None:
        """Take chunk after chunk and report their lengths, or what the work raised, which ends all workers."""
        while not self.cancelled:
            with self.lock:  # an iterator may not be asked by two threads at once
                start = next(self.starts, None)
            if start is None:
                return
            stop = min(start + self.chunk, self.total)
            try:
                self.work(worker, start, stop)
            except BaseException as error:
                self.cancelled = True
                self.report(error)
                return
            self.report(stop - start)

    def start(self, workers: Iterable[int]) -> list[threading.Thread]:
        """Threads that serve; they do not keep the process alive."""
        threads = [threading.Thread(target=self.serve, args=(worker,), daemon=True) for worker in workers]
        for thread in threads:
            thread.start()
        return threads


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
    # One chunk, or one thread: starting a thread takes longer than some chunks do.
    if threads == 1 or total <= chunk:
        for start in range(0, total, chunk):
            stop = min(start + chunk, total)
            work(0, start, stop)
            yield stop
        return
    results: queue.SimpleQueue[int | BaseException] = queue.SimpleQueue()
    chunks = _Chunks(work, total, chunk, results.put)
    workers = chunks.start(range(threads))
    done = 0
    try:
        while done < total:
            outcome = results.get()
            if isinstance(outcome, BaseException):
                raise outcome
            done += outcome
            yield done
    finally:
        chunks.cancelled = True  # also where the caller stops asking: threads end after the chunk that they are at
        for thread in workers:
            thread.join()


def run_all(work: Callable[[int, int, int], object], total: int, *, chunk: int, threads: int) -> None:
    """``run_chunks`` for callers that show no progress: the caller's thread is one of the workers, not a waiting one.

    >>> squares = [0] * 5
    >>> def work(worker: int, start: int, stop: int) -> None:
    ...     squares[start:stop] = [i * i for i in range(start, stop)]
    >>> run_all(work, 5, chunk=2, threads=2)
    >>> squares
    [0, 1, 4, 9, 16]
    """
    outcomes: list[int | BaseException] = []
    chunks = _Chunks(work, total, chunk, outcomes.append)
    others = chunks.start(range(1, threads if total > chunk else 1))
    chunks.serve(0)
    for thread in others:
        thread.join()
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


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
