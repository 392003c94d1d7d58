"""Seeds of one run, one after the other or in several processes, their events in one stream.

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
from experiments.lab.experiment import Artifact, Event, Experiment, Note
from experiments.lab.stopping import end_with_parent

Told = tuple[int, str, Event | None]
"""(seed, part, event); None ends a seed."""

Message = tuple[int, str, Event | BaseException | None]
"""The same, or the error that ended a worker."""


def observe(
    experiment: Experiment[Any, Any], params: Any, parts: Sequence[str], seed: int
) -> Iterator[tuple[str, Event]]:
    """(part, event) of one seed: what was prepared, then every part of ``parts`` in the experiment's order."""
    setup = experiment.prepare(params, seed)
    yield from (("", Note(text)) for text in setup.notes)
    for part in experiment.parts:
        if part.name in parts:
            yield from ((part.name, event) for event in part.run(setup))


def in_parallel(
    experiment: str, params: Any, parts: Sequence[str], seeds: Sequence[int], workers: int
) -> Iterator[Told]:
    """What every seed yields and its end, as they come.

    Raises:
        Exception: the first that a worker met; the others are stopped.
        RuntimeError: a worker ended without a word.
    """
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[Message] = context.Queue()
    with tempfile.TemporaryDirectory(prefix="mlnotes-") as scratch, _shared_cores(min(workers, len(seeds))):
        shares = [seeds[start::workers] for start in range(min(workers, len(seeds)))]
        work = (experiment, params, parts)
        processes = [context.Process(target=_work, args=(*work, share, queue, scratch)) for share in shares]
        try:
            for process in processes:
                process.start()
            yield from _received(queue, processes, len(seeds))
        finally:
            for process in processes:
                process.terminate()
                process.join()


def _received(queue: Any, processes: Sequence[Any], open_seeds: int) -> Iterator[Told]:
    while open_seeds:
        try:
            seed, part, event = queue.get(timeout=1.0)
        except Empty:
            if not any(process.is_alive() for process in processes) and queue.empty():
                raise RuntimeError("a worker ended without a word, perhaps for lack of memory") from None
            continue
        if isinstance(event, BaseException):
            raise event
        open_seeds -= event is None
        yield seed, part, event


def _work(experiment: str, params: Any, parts: Sequence[str], seeds: Sequence[int], queue: Any, scratch: str) -> None:
    end_with_parent()
    seed = seeds[0]
    try:
        loaded = catalog.load(experiment)
        for seed in seeds:
            for part, event in observe(loaded, params, parts, seed):
                queue.put((seed, part, portable(event, Path(scratch), seed)))
            queue.put((seed, "", None))
    except Exception as error:
        queue.put((seed, "", picklable(error)))


def portable(event: Event, scratch: Path, seed: int) -> Event:
    """The event as another process can take it: a file is written to ``scratch``, and moved when it is asked for."""
    if not isinstance(event, Artifact):
        return event
    path = scratch / f"{seed}-{event.name}"
    event.write(path)
    return Artifact(event.name, partial(_move, path))


def _move(source: Path, target: Path) -> None:
    shutil.move(source, target)


def picklable(error: Exception) -> Exception:
    """The error, or its words where it cannot be sent."""
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
