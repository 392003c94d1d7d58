"""Shards as processes of Ray that take vectors in and give them up: a ``LiveNSG`` in each, in a folder of its own.

    with RayLiveNSG.build(base, "shards/", shards=2, ids=keys) as index:
        index.add(more, more_keys); index.delete(old_keys)
        ids, distances = index.search(queries, k=10, search_list_size=40, allowed=some_keys)

The shard of a vector follows from its id alone, so nobody has to keep a list of who has what. What ``add`` and
``delete`` have acknowledged by returning is in the logs of the shards. Ray starts a worker that died again; it reads
its log, and the call that it owed is repeated: what of it is done already is passed over. A change that was never
acknowledged, since an error came instead, may be there in part. One process writes at a time.

Needs the extra ``ray``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.nsg.live.index import LiveNSG
from experiments.ann.core.nsg.live.state import checked_ids
from experiments.ann.core.nsg.searching.batch_search import check_sizes
from experiments.ann.core.nsg.sharded_ray import Workers, ray, start_workers
from experiments.ann.core.nsg.sharding import LongIds, merge
from experiments.ann.core.nsg.storage import natural, read_arrays, write_arrays
from experiments.ann.core.simd.distance import Floats

SHARDS = "live shards"
"""Kind and name of the file that says how many there are."""
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
"""Factors of the finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014)."""


def shard_of(ids: LongIds, shards: int) -> NDArray[np.int64]:
    """The shard (m,) of each id, as by chance, so that ids that rise by any step are spread evenly.

    >>> np.bincount(shard_of(np.arange(0, 8000, 8), 4)).tolist()
    [225, 225, 256, 294]
    """
    x = ids.astype(np.uint64)
    # Every bit of an id moves every bit of x: a product moves those above, a shift those below.
    x = (x ^ (x >> np.uint64(30))) * FIRST
    x = (x ^ (x >> np.uint64(27))) * SECOND
    return ((x ^ (x >> np.uint64(31))) % np.uint64(shards)).astype(np.int64)


class LiveWorker:
    """One shard, as it lives in a process of its own."""

    def __init__(self, folder: Path, threads: int) -> None:
        self.folder, self.threads = folder, threads
        # A log is written last: without one the index was never whole.
        self.index = LiveNSG.open(folder, threads=threads) if any(folder.glob("log-*")) else None

    def pid(self) -> int:
        """Its process."""
        return os.getpid()

    def build(self, vectors: NDArray[Any], ids: LongIds, settings: dict[str, Any]) -> None:
        """Index vectors (n, d) and write them, where that is not done already."""
        if self.index is None:
            shutil.rmtree(self.folder, ignore_errors=True)
            graph = NSG.build(np.array(vectors), threads=self.threads, **settings)
            index = LiveNSG.of(graph, np.array(ids), threads=self.threads)
            index.save(self.folder)
            self.index = index

    def known(self, ids: LongIds) -> NDArray[np.bool_]:
        """Which of the ids (m,) it holds."""
        return np.fromiter((one in self.live for one in ids.tolist()), np.bool_, len(ids))

    def add(self, vectors: NDArray[Any], ids: LongIds) -> None:
        """Add those of the vectors (m, d) that it does not hold yet."""
        fresh = ~self.known(ids)
        self.live.add(vectors[fresh], ids[fresh])

    def delete(self, ids: LongIds) -> None:
        """Take out those of the ids (m,) that it still holds."""
        self.live.delete(ids[self.known(ids)])

    def search(self, queries: NDArray[Any], k: int, size: int, allowed: LongIds | None) -> tuple[LongIds, Floats]:
        """The k nearest of its shard; see ``LiveNSG.search``."""
        own = np.array(queries)  # Ray's arrays are read-only, for which kernels would be compiled again
        return self.live.search(own, k, size, threads=self.threads, allowed=allowed)

    def count(self) -> int:
        """How many vectors it holds."""
        return len(self.live)

    @property
    def live(self) -> LiveNSG:
        if self.index is None:
            raise RuntimeError(f"{self.folder}: the shard is not built")
        return self.index


class RayLiveNSG(Workers):
    """An index in shards that changes, each held by one worker. Make it with ``build`` or ``open``."""

    @classmethod
    def build(
        cls,
        base: ArrayLike,
        folder: str | os.PathLike[str],
        *,
        shards: int,
        ids: ArrayLike | None = None,
        threads: int = 1,
        **settings: Any,
    ) -> RayLiveNSG:
        """Deal vectors (n, d) to shards by their ids, by default 0 to n - 1, and build each in a worker.

        Args:
            folder: where the shards are kept, empty or not there yet.
            threads: of each worker.
            settings: fields of ``BuildSettings``.

        Raises:
            ValueError: ids that repeat, or a shard that gets no vector.
            FileExistsError: the folder holds shards already.
        """
        vectors, home = np.asarray(base), Path(folder).resolve()
        names = checked_ids(np.arange(len(vectors)) if ids is None else ids, len(vectors))
        homes = shard_of(names, shards)
        if shards < 1 or len(np.unique(homes)) < shards:
            raise ValueError(f"shards: expected as few as leave each a vector, got {shards} for {len(vectors)}")
        if (home / SHARDS).exists():
            raise FileExistsError(f"{home} holds shards already; open them, or give another folder")
        home.mkdir(parents=True, exist_ok=True)
        index = cls(_start(home, shards, threads))
        index._each(homes, lambda worker, own: worker.build.remote(vectors[own], names[own], settings))
        write_arrays(home / SHARDS, SHARDS, {"shards": shards}, {})
        return index

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, threads: int = 1) -> RayLiveNSG:
        """Start workers on shards that were built, with all changes that were acknowledged.

        Raises:
            FileNotFoundError: the folder holds no shards.
        """
        home = Path(folder).resolve()
        shards = read_arrays(home / SHARDS, SHARDS).detail("shards", natural(1 << 16))
        return cls(_start(home, shards, threads))

    def __len__(self) -> int:
        return sum(ray().get([worker.count.remote() for (worker,) in self.replicas]))

    def add(self, vectors: ArrayLike, ids: ArrayLike) -> None:
        """Add vectors (m, d) under ids of yours; when this returns, the disks have them.

        Raises:
            ValueError: ids that repeat or are in the index already; then nothing is added.
        """
        rows = np.asarray(vectors)
        names = checked_ids(ids, len(rows))
        if (known := self._known(names)).any():
            raise ValueError(f"ids: {names[known][0]} is in the index already; delete it first")
        homes = shard_of(names, len(self.replicas))
        self._each(homes, lambda worker, own: worker.add.remote(rows[own], names[own]))

    def delete(self, ids: ArrayLike) -> None:
        """Take ids (m,) out.

        Raises:
            KeyError: an id that is not in the index; then nothing is deleted.
        """
        names = checked_ids(ids)
        if not (known := self._known(names)).all():
            raise KeyError(f"ids: {names[~known][0]} is not in the index")
        homes = shard_of(names, len(self.replicas))
        self._each(homes, lambda worker, own: worker.delete.remote(names[own]))

    def search(
        self, queries: ArrayLike, k: int, search_list_size: int, *, allowed: ArrayLike | None = None
    ) -> tuple[LongIds, Floats]:
        """The k nearest live vectors of each query (m, d), or of those among them whose ids are ``allowed``."""
        check_sizes(k, search_list_size)
        asked = ray().put(np.asarray(queries))
        names = None if allowed is None else ray().put(np.asarray(allowed, np.int64))
        calls = [worker.search.remote(asked, k, search_list_size, names) for (worker,) in self.replicas]
        return merge(ray().get(calls), k)

    def _known(self, names: LongIds) -> NDArray[np.bool_]:
        """Which of the ids (m,) are in the index."""
        homes, known = shard_of(names, len(self.replicas)), np.zeros(len(names), np.bool_)
        for shard, part in self._each(homes, lambda worker, own: worker.known.remote(names[own])).items():
            known[homes == shard] = part
        return known

    def _each(self, homes: NDArray[np.int64], call: Callable[[Any, NDArray[np.bool_]], Any]) -> dict[int, Any]:
        """What the shards of some rows (m,) answer to a call about their own, all asked at once."""
        owed = {shard: call(self.replicas[shard][0], homes == shard) for shard in np.unique(homes).tolist()}
        return dict(zip(owed, ray().get(list(owed.values())), strict=True))


def _start(home: Path, shards: int, threads: int) -> list[list[Any]]:
    return [[start_workers(LiveWorker, threads)(home / f"live-{shard:05d}", threads)] for shard in range(shards)]
