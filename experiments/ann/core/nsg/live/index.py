"""An NSG that takes vectors in and gives them up while it is searched, under the caller's own ids, and that may be kept
in a folder.

    index = LiveNSG.of(NSG.build(base), ids=keys)
    index.add(more, ids=more_keys); index.delete(old_keys)
    ids, distances = index.search(queries, k=10, search_list_size=40)

What holds at any moment, after any sequence of calls (judged by ``ann.churn``):

* every live vector is reachable from where searches start;
* no vector has more edges than the graph's width;
* an id that ``delete`` has taken is in no result of a search that starts afterwards;
* a search in one thread while another writes sees the vectors of before, or some of those being written, never half a
  vector; searches do not wait for writers, and writers wait for each other;
* in a folder (``save``, ``open``): what a call has acknowledged by returning is there after a crash at any moment.

Deleted vectors still lead searches until ``compact`` takes them out; ``delete`` calls it when a fifth are dead.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.construction.reachability import grow_tree
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.nsg.live.folder import LiveFolder
from experiments.ann.core.nsg.live.linking import edges_of, insert_rows, insert_scratch
from experiments.ann.core.nsg.live.state import LongIds, checked_ids, compacted, state_of, with_room
from experiments.ann.core.nsg.searching.allowed_search import search_among
from experiments.ann.core.nsg.searching.batch_search import check_sizes
from experiments.ann.core.nsg.searching.range_search import Within, search_within
from experiments.ann.core.simd.distance import Floats
from experiments.ann.core.simd.metric_space import MetricSpace
from experiments.foundation.cores import usable_cores

LIST_SIZE = 100
"""Candidate list of the searches that link a new vector."""
DEAD_SHARE = 0.2
"""Share of dead vectors from which on ``delete`` compacts."""


class LiveNSG:
    """Make it with ``of`` from an index that is built, or with ``open`` from a folder."""

    def __init__(self, coded: CodedNSG, ids: LongIds, threads: int | None = None) -> None:
        self._writing = threading.Lock()
        self._threads = threads
        self._folder: LiveFolder | None = None
        self._take(coded, ids)

    @classmethod
    def of(cls, index: NSG | CodedNSG, ids: ArrayLike | None = None, *, threads: int | None = None) -> LiveNSG:
        """Take an index over; ``ids`` (n,) are integers of 64 bits, by default 0 to n - 1.

        Raises:
            ValueError: ids that repeat, or as many as there are not vectors.
        """
        coded = index if isinstance(index, CodedNSG) else CodedNSG.of(index, threads=threads)
        if coded.space.metric == "ip":
            raise ValueError("metric: expected l2 or cosine; under ip a longer vector moves all others, so build anew")
        return cls(coded, checked_ids(np.arange(len(coded)) if ids is None else ids, len(coded)), threads)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, one: int) -> bool:
        return one in self._rows

    def __repr__(self) -> str:
        space, dead = self.space, self._state.dead
        return f"LiveNSG({len(self):,} vectors of {space.dim} dimensions, {space.metric}, {dead:,} deleted)"

    @property
    def space(self) -> MetricSpace:
        return self._state.coded.space

    width = property(lambda self: self._state.coded.lists.shape[1], doc="Most edges of a vector.")

    @property
    def ids(self) -> LongIds:
        """The ids of all live vectors, in no order that means anything."""
        return np.fromiter(self._rows, np.int64, len(self._rows))

    @property
    def nbytes(self) -> int:
        """Bytes of graph, vectors, codes, ids and parents, with the room for more."""
        state = self._state
        return state.coded.nbytes + state.ids.nbytes + state.alive.nbytes + state.parents.nbytes

    def search(
        self,
        queries: ArrayLike,
        k: int,
        search_list_size: int,
        *,
        threads: int | None = None,
        allowed: ArrayLike | None = None,
    ) -> tuple[LongIds, Floats]:
        """The k nearest live vectors of each query (m, d): ids (m, k), -1 where there are no more, and distances.

        Args:
            allowed: ids that may be results; all by default. Ids that are not in the index are passed over.
        """
        check_sizes(k, search_list_size)
        state = self._state  # as a whole: a writer may put another in its place meanwhile
        coded = state.coded
        placed, vectors = coded.place(queries)
        threads = threads or self._threads or usable_cores()
        mask = state.alive if state.dead else None
        if allowed is not None:
            mask = state.alive & np.isin(state.ids, np.asarray(allowed, np.int64))
        codes = coded.short.of_queries(placed, threads)
        arguments = (coded.lists, coded.short, codes, coded.vectors, placed, k, search_list_size, threads)
        rows, squared, _ = search_among(*arguments, mask, state.used)
        return np.where(rows >= 0, state.ids[rows], -1), coded.space.report(squared, vectors)

    def search_within(
        self, queries: ArrayLike, radius: float, search_list_size: int, *, threads: int | None = None
    ) -> Within:
        """All live vectors within ``radius`` of each query; see ``NSG.search_within``."""
        return search_within(self, queries, radius, search_list_size, threads)

    def add(self, vectors: ArrayLike, ids: ArrayLike | None = None) -> LongIds:
        """Add vectors (m, d) and return their ids; by default those after the largest that ever was.

        Raises:
            ValueError: vectors of another shape or not finite, or an id that is in the index already.
        """
        rows = self.space.read(vectors, "vectors")
        with self._writing:
            names = checked_ids(np.arange(len(rows)) + self._next if ids is None else ids, len(rows))
            if known := [one for one in names.tolist() if one in self._rows]:
                raise ValueError(f"ids: {known[0]} is in the index already; delete it first")
            if self._folder is not None and len(rows):
                self._folder.added(names, rows)
            self._insert(rows, names)
        return names

    def delete(self, ids: ArrayLike) -> None:
        """Take ids (any,) out.

        Raises:
            KeyError: an id that is not in the index; then nothing is deleted.
        """
        names = checked_ids(ids)
        with self._writing:
            if missing := [one for one in names.tolist() if one not in self._rows]:
                raise KeyError(f"ids: {missing[0]} is not in the index")
            if self._folder is not None and len(names):
                self._folder.deleted(names)
            self._drop(names)
            if self._state.dead > DEAD_SHARE * self._state.used:
                self._compact()

    def compact(self) -> None:
        """Take the dead out of the graph and give their memory back; in a folder, write the index and empty the log."""
        with self._writing:
            self._compact()

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Keep the index in an empty folder, and from now on every change."""
        with self._writing:
            self._folder = LiveFolder.empty(Path(folder))
            self._compact()

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, threads: int | None = None) -> LiveNSG:
        """The index in a folder, with all that was acknowledged.

        Raises:
            ValueError: no index, or damaged.
        """
        kept = LiveFolder.newest(Path(folder))
        index = cls(*kept.read(), threads)
        for names, rows in kept.changes():
            if rows is None:
                index._drop(names)
            else:
                index._insert(rows, names)
        index._folder = kept
        return index

    def close(self) -> None:
        """Close the log of a folder."""
        if self._folder is not None:
            self._folder.close()

    def unreachable(self) -> int:
        """Live vectors that no path from the root reaches: 0, unless an invariant is broken."""
        state, used = self._state, self._state.used
        lists = state.coded.lists
        parents, root = np.full(len(lists), -1, np.int32), int(lists[-1, 0])
        parents[root] = root
        grow_tree(lists, root, parents, np.empty(len(lists), np.int32), 0)
        return int((state.alive[:used] & (parents[:used] < 0)).sum())

    @property
    def degrees(self) -> NDArray[np.int64]:
        """Out-degrees of all vectors in use, dead ones too."""
        lists, edges = self._state.coded.lists, np.empty(self._state.coded.lists.shape[1], np.int32)
        return np.array([edges_of(lists, row, edges) for row in range(self._state.used)])

    def _take(self, coded: CodedNSG, ids: LongIds) -> None:
        """Begin with an index without dead rows."""
        self._rows = {int(one): row for row, one in enumerate(ids.tolist())}
        self._next = max(getattr(self, "_next", 0), int(ids.max(initial=-1)) + 1)
        self._state = state_of(coded, ids)

    def _insert(self, rows: Floats, names: LongIds) -> None:
        start, stop = self._state.used, self._state.used + len(rows)
        state = with_room(self._state, stop)
        coded = state.coded
        placed = coded.placed(rows)
        if coded.vectors.dtype == np.uint8 and placed.dtype != np.uint8:
            coded = CodedNSG(coded.lists, coded.vectors.astype(np.float32), coded.short, coded.space)
            state = state._replace(coded=coded)
        coded.vectors[start:stop], state.ids[start:stop] = placed, names
        short, vnni = coded.short, coded.short.codes.dtype == np.uint8
        if short.codec is not None:
            short.codes[start:stop] = short.codec.encode(placed, vnni=vnni)[: len(rows)]
        insert_rows(
            *(coded.lists, short.codes, short.of_queries(placed), coded.vectors, short.instructions),
            *(state.alive, state.parents, start, stop),
            insert_scratch(min(LIST_SIZE, start + 1), coded.lists.shape[1]),
        )
        self._state = state._replace(used=stop)
        self._next = max(self._next, int(names.max(initial=-1)) + 1)
        self._rows.update(zip(names.tolist(), range(start, stop), strict=True))

    def _drop(self, names: LongIds) -> None:
        for one in names.tolist():
            self._state.alive[self._rows.pop(one)] = False
        self._state = self._state._replace(dead=self._state.dead + len(names))

    def _compact(self) -> None:
        if len(self) == 0:
            raise ValueError("compact: expected at least one live vector, got none")
        self._take(*compacted(self._state, self._threads or usable_cores()))
        if self._folder is not None:
            self._folder.write(self._state.coded, self._state.ids)
