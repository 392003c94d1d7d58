"""Shards as processes of Ray: each is built where it lives, all are asked together, and a dead one comes back.

    ray.init()
    with RayNSG.build("base.npy", "shards/", shards=2, replicas=2) as index:
        ids, distances = index.search(queries, k=10, search_list_size=40)

A shard is written to the folder once it is built. Ray starts a worker that died again; it opens its file, or builds
anew where it died before the file was whole, and the call that it owed is repeated. Builds are equal bit for bit, so
are replicas, and so is the answer of a worker that was started again. Several machines need a folder, and a file of
vectors, that all of them see, and mlnotes installed on each.

Needs the extra ``ray``. The mathematics is in ``sharding``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.nsg.searching.batch_search import check_sizes
from experiments.ann.core.nsg.sharding import LongIds, Shard, merge, partition
from experiments.ann.core.nsg.storage import natural, read_arrays, write_arrays
from experiments.ann.core.simd.distance import Floats

SHARDS, MEMBERS = "shards", "members"
"""Kinds of the files beside the indexes: the list of shards, and the numbers of the vectors in each. They are files
because Ray starts a worker again with arguments that it can only keep where they are small.
"""
RESTARTS = 4
"""Times that Ray starts a worker again, and repeats the call that it owed."""
CHUNK = 4096
"""Queries per call, so that replicas share a batch."""


class Worker:
    """One replica of one shard, as it lives in a process of its own."""

    def __init__(self, members: Path, path: Path, threads: int) -> None:
        self.members = read_arrays(members, MEMBERS).array("members", {"int64"}, (None,))
        self.path = path
        self.threads = threads
        self.shard = Shard.load(self.members, path, threads=threads) if path.exists() else None

    def pid(self) -> int:
        """Its process."""
        return os.getpid()

    def build(self, base: str | NDArray[Any] | None, settings: dict[str, Any]) -> int:
        """Open its index, or make and write it; returns the number of its vectors."""
        if not self.path.exists():
            if base is None:
                raise RuntimeError(f"{self.path}: the shard is not built")
            whole = np.load(base, mmap_mode="r") if isinstance(base, str) else base
            Shard.build(whole, self.members, threads=self.threads, **settings).save(self.path)
        if self.shard is None:  # from the file also where it was just built: what is mapped need not stay in memory
            self.shard = Shard.load(self.members, self.path, threads=self.threads)
        return len(self.members)

    def search(self, queries: NDArray[Any], k: int, size: int, allowed: LongIds | None) -> tuple[LongIds, Floats]:
        """The k nearest of its shard for each query (m, d); see ``Shard.search``."""
        if self.shard is None:
            raise RuntimeError(f"{self.path}: the shard is not built")
        own = np.array(queries)  # Ray's arrays are read-only, for which kernels would be compiled again
        return self.shard.search(own, k, size, threads=self.threads, allowed=allowed)


class Workers:
    """Processes of Ray, to be closed after use."""

    def __init__(self, replicas: Sequence[Sequence[Any]]) -> None:
        self.replicas = replicas
        """Handles of the workers, a list for each shard."""

    def close(self) -> None:
        """End the workers; the files stay."""
        for workers in self.replicas:
            for worker in workers:
                ray().kill(worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RayNSG(Workers):
    """An NSG in shards, each held by one worker or more. Make it with ``build`` or ``open``."""

    def __init__(self, replicas: Sequence[Sequence[Any]], base: Any = None) -> None:
        super().__init__(replicas)
        self.base = base
        """Until the shards are built: the path of the vectors, or their reference in Ray's store."""

    @classmethod
    def start(
        cls,
        base: str | os.PathLike[str] | ArrayLike,
        folder: str | os.PathLike[str],
        *,
        shards: int,
        replicas: int = 1,
        threads: int = 1,
        partition_seed: int = 0,
    ) -> RayNSG:
        """Start the workers without building; see ``build``."""
        if replicas < 1:
            raise ValueError(f"replicas: expected at least 1, got {replicas}")
        home = Path(folder).resolve()
        home.mkdir(parents=True, exist_ok=True)
        if (home / SHARDS).exists():
            raise FileExistsError(f"{home} holds an index in shards already; open it, or give another folder")
        file = os.fspath(Path(base).resolve()) if isinstance(base, str | os.PathLike) else None
        whole: NDArray[Any] = np.load(file, mmap_mode="r") if file else np.asarray(base)
        for shard, members in enumerate(partition(len(whole), shards, partition_seed)):
            write_arrays(_file(home, MEMBERS, shard), MEMBERS, {}, {"members": members})
        write_arrays(home / SHARDS, SHARDS, {"n": len(whole), "shards": shards, "seed": partition_seed}, {})
        return cls(_start(home, shards, replicas, threads), file or ray().put(whole))

    @classmethod
    def build(
        cls,
        base: str | os.PathLike[str] | ArrayLike,
        folder: str | os.PathLike[str],
        *,
        shards: int,
        replicas: int = 1,
        threads: int = 1,
        partition_seed: int = 0,
        **settings: Any,
    ) -> RayNSG:
        """Cut vectors into shards, and build each in a worker.

        Args:
            base: vectors (n, d), or the path of a .npy file that every worker maps; an array travels through Ray's
                store and must fit there.
            folder: where the shards are kept.
            replicas: workers per shard; they share the queries, and each answers for one that is gone for good.
            threads: of each worker, for building and for each search.
            settings: fields of ``BuildSettings``.

        Raises:
            ValueError: a number of shards that cannot be.
            FileExistsError: the folder holds an index in shards.
        """
        index = cls.start(
            base, folder, shards=shards, replicas=replicas, threads=threads, partition_seed=partition_seed
        )
        index.build_shards(**settings)
        return index

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, replicas: int = 1, threads: int = 1) -> RayNSG:
        """Start workers on shards that were built.

        Raises:
            ValueError: the folder's list of shards is not one, or damaged.
            FileNotFoundError: it, or a shard, is missing.
        """
        home = Path(folder).resolve()
        shards = read_arrays(home / SHARDS, SHARDS).detail("shards", natural(1 << 16))
        files = [_file(home, kind, shard) for shard in range(shards) for kind in ("shard", MEMBERS)]
        missing = [file for file in files if not file.exists()]
        if missing:
            raise FileNotFoundError(f"{missing[0]}: no such file; build the index again in another folder")
        index = cls(_start(home, shards, replicas, threads))
        index.build_shards()
        return index

    def build_shards(self, **settings: Any) -> None:
        """Build with the first replica of every shard; the others open what it wrote."""
        ray().get([workers[0].build.remote(self.base, settings) for workers in self.replicas])
        self.base = None
        others = [worker.build.remote(None, settings) for workers in self.replicas for worker in workers[1:]]
        ray().get(others)

    def search(
        self, queries: ArrayLike, k: int, search_list_size: int, *, allowed: ArrayLike | None = None
    ) -> tuple[LongIds, Floats]:
        """The k nearest base vectors of each query (m, d), or of those that are ``allowed``, by their numbers; every
        shard is searched with a list of that size.

        Raises:
            ValueError: a size below 1.
            RuntimeError: all replicas of a shard are gone for good.
        """
        check_sizes(k, search_list_size)
        asked = np.asarray(queries)
        starts = range(0, max(len(asked), 1), CHUNK)
        blocks = [ray().put(asked[start : start + CHUNK]) for start in starts]
        lists = (k, search_list_size, None if allowed is None else ray().put(np.asarray(allowed, np.int64)))
        owed = [
            [workers[turn % len(workers)].search.remote(block, *lists) for workers in self.replicas]
            for turn, block in enumerate(blocks)
        ]
        answers = [
            merge([self._answer(call, s, turn, block, lists) for s, call in enumerate(calls)], k)
            for turn, (block, calls) in enumerate(zip(blocks, owed, strict=True))
        ]
        return np.vstack([ids for ids, _ in answers]), np.vstack([distances for _, distances in answers])

    def _answer(self, call: Any, shard: int, turn: int, block: Any, lists: tuple[Any, ...]) -> tuple[LongIds, Floats]:
        """What a call returns; where its worker is gone for good, the other replicas are asked in turn."""
        workers, gone = self.replicas[shard], ray().exceptions.RayActorError
        for step in range(1, len(workers) + 1):
            try:
                return ray().get(call)
            except gone:
                call = workers[(turn + step) % len(workers)].search.remote(block, *lists)
        raise RuntimeError(f"shard {shard}: all {len(workers)} workers are gone; open the folder again")


def start_workers(kind: type, threads: int) -> Callable[..., Any]:
    """What starts a worker of a kind, given its arguments; every one takes ``threads`` cores."""
    actor = ray().remote(num_cpus=threads, max_restarts=RESTARTS, max_task_retries=RESTARTS)(kind)
    start: Callable[..., Any] = actor.remote
    return start


def _start(home: Path, shards: int, replicas: int, threads: int) -> list[list[Any]]:
    """Workers of Ray, a list for each shard."""
    start = start_workers(Worker, threads)
    return [
        [start(_file(home, MEMBERS, shard), _file(home, "shard", shard), threads) for _ in range(replicas)]
        for shard in range(shards)
    ]


def _file(home: Path, kind: str, shard: int) -> Path:
    return home / f"{kind}-{shard:05d}"


def ray() -> ModuleType:
    """The library, imported when it is needed."""
    return import_module("ray")
