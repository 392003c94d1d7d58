"""Seeds of one run in several processes, their events in one stream.

Each worker gets an equal share of the cores, through the environment variables that thread pools read when they
start. Artifacts cannot cross a process boundary as functions: a worker writes them to a scratch folder and sends the
path.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import Empty
from typing import Any

from experiments.lab import catalog
from experiments.lab.environment import THREAD_VARIABLES, usable_cores
from experiments.lab.experiment import Artifact, Event

Message = tuple[int, Event | BaseException | None]


def in_parallel(experiment: str, params: Any, seeds: Sequence[int], workers: int) -> Iterator[tuple[int, Event]]:
    """(seed, event) of every seed, as they come.

    Raises:
        Exception: the first that a worker met; the others are stopped.
        RuntimeError: a worker ended without a word.
    """
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[Message] = context.Queue()
    with tempfile.TemporaryDirectory(prefix="mlnotes-") as scratch, _shared_cores(min(workers, len(seeds))):
        shares = [seeds[start::workers] for start in range(min(workers, len(seeds)))]
        processes = [context.Process(target=_work, args=(experiment, params, s, queue, scratch)) for s in shares]
        try:
            for process in processes:
                process.start()
            yield from _received(queue, processes, len(seeds))
        finally:
            for process in processes:
                process.terminate()
                process.join()


def _received(queue: Any, processes: Sequence[Any], open_seeds: int) -> Iterator[tuple[int, Event]]:
    while open_seeds:
        try:
            seed, event = queue.get(timeout=1.0)
        except Empty:
            if not any(process.is_alive() for process in processes) and queue.empty():
                raise RuntimeError("a worker ended without a word, perhaps for lack of memory") from None
            continue
        if event is None:
            open_seeds -= 1
        elif isinstance(event, BaseException):
            raise event
        else:
            yield seed, event


def _work(experiment: str, params: Any, seeds: Sequence[int], queue: Any, scratch: str) -> None:
    seed = seeds[0]
    try:
        for seed in seeds:
            for event in catalog.load(experiment).run(params, seed):
                queue.put((seed, _portable(event, Path(scratch), seed)))
            queue.put((seed, None))
    except Exception as error:
        queue.put((seed, _picklable(error)))


def _portable(event: Event, scratch: Path, seed: int) -> Event:
    if not isinstance(event, Artifact):
        return event
    path = scratch / f"{seed}-{event.name}"
    event.write(path)
    return Artifact(event.name, partial(_move, path))


def _move(source: Path, target: Path) -> None:
    shutil.move(source, target)


def _picklable(error: Exception) -> Exception:
    try:
        return pickle.loads(pickle.dumps(error))
    except Exception:  # any failure to travel: send its words instead
        return RuntimeError(f"{type(error).__name__}: {error}")


@contextmanager
def _shared_cores(workers: int) -> Iterator[None]:
    """Environment in which each new process takes its share of the cores; a setting of the user's is left alone."""
    mine = {name: str(max(1, usable_cores() // workers)) for name in THREAD_VARIABLES if name not in os.environ}
    os.environ.update(mine)
    try:
        yield
    finally:
        for name in mine:
            del os.environ[name]
