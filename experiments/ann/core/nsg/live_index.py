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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.codes.short_codes import ShortCodes
from experiments.ann.core.nsg.batch_search import Mask, check_sizes, search_among
from experiments.ann.core.nsg.building import nearest_row
from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.nsg.lists import STARTS, lists_with_start
from experiments.ann.core.nsg.live_linking import adopt, edges_of, insert_rows, insert_scratch, without_dead
from experiments.ann.core.nsg.log import Log
from experiments.ann.core.nsg.reachability import grow_tree
from experiments.ann.core.simd.distance import Floats, Ids, checked_vectors
from experiments.ann.core.simd.kernel import run_all, usable_cores
from experiments.ann.core.simd.vector import aligned_rows

LongIds = NDArray[np.int64]
LIST_SIZE = 100
"""Candidate list of the searches that link a new vector."""
DEAD_SHARE = 0.2
"""Share of dead vectors from which on ``delete`` compacts."""


class State(NamedTuple):
    """What a search takes at its start, and what a writer replaces as a whole when it must not change in place."""

    coded: CodedNSG
    """Graph, vectors and codes with room for more: rows up to ``used`` are in use."""
    ids: LongIds
    """The caller's id of every row (capacity,)."""
    alive: Mask
    """Which rows may be results (capacity,)."""
    parents: Ids
    """See ``live_linking`` (capacity,)."""


class LiveNSG:
    """Make it with ``of`` from an index that is built, or with ``open`` from a folder."""

    def __init__(self, coded: CodedNSG, ids: LongIds, threads: int | None = None) -> None:
        self._writing = threading.Lock()
        self._threads, self._log, self._folder, self._generation = threads, None, Path(), 0
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

    def __repr__(self) -> str:
        dead = self._used - len(self)
        return f"LiveNSG({len(self):,} vectors of {self.dim} dimensions, {self.metric}, {dead:,} deleted)"

    @property
    def dim(self) -> int:
        return self._state.coded.space.dim

    @property
    def metric(self) -> str:
        return self._state.coded.space.metric

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
        state, used, live = self._state, self._used, len(self)
        coded = state.coded
        placed, vectors = coded.place(queries)
        threads = threads or self._threads or usable_cores()
        mask = state.alive if used > live else None
        if allowed is not None:
            rows = [self._rows.get(one, -1) for one in np.asarray(allowed, np.int64).tolist()]
            mask = np.zeros(len(state.alive), np.bool_)
            mask[[row for row in rows if row >= 0]] = True
            mask &= state.alive
        codes = coded.short.of_queries(placed, threads)
        arguments = (coded.lists, coded.short, codes, coded.vectors, placed, k, search_list_size, threads)
        rows, squared, _ = search_among(*arguments, mask, used)
        return np.where(rows >= 0, state.ids[rows], -1), coded.space.report(squared, vectors)

    def add(self, vectors: ArrayLike, ids: ArrayLike | None = None) -> LongIds:
        """Add vectors (m, d) and return their ids; by default those after the largest that ever was.

        Raises:
            ValueError: vectors of another shape or not finite, or an id that is in the index already.
        """
        rows = checked_vectors(vectors, "vectors", self.dim)
        with self._writing:
            names = checked_ids(np.arange(len(rows)) + self._next if ids is None else ids, len(rows))
            if known := [one for one in names.tolist() if one in self._rows]:
                raise ValueError(f"ids: {known[0]} is in the index already; delete it first")
            if self._log is not None:
                self._log.append(b"+", np.int64(len(rows)).tobytes() + names.tobytes() + rows.tobytes())
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
            if self._log is not None:
                self._log.append(b"-", names.tobytes())
            self._drop(names)
            if self._used - len(self) > DEAD_SHARE * self._used:
                self._compact()

    def compact(self) -> None:
        """Take the dead out of the graph and give their memory back; in a folder, write the index and empty the log."""
        with self._writing:
            self._compact()

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Keep the index in a folder, and from now on every change."""
        with self._writing:
            self._folder = Path(folder)
            self._folder.mkdir(parents=True, exist_ok=True)
            if any(self._folder.iterdir()):
                raise ValueError(f"{folder}: expected an empty folder; LiveNSG.open opens what is kept in one")
            self._compact()

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, threads: int | None = None) -> LiveNSG:
        """The index in a folder, with all that was acknowledged.

        Raises:
            ValueError: no index, or damaged.
        """
        logs = sorted(Path(folder).glob("log-*"))
        if not logs:
            raise ValueError(f"{folder}: expected a folder of LiveNSG.save, found no log in it")
        generation = int(logs[-1].name.partition("-")[2])
        coded = CodedNSG.load(Path(folder) / f"index-{generation:06}.nsg")
        index = cls(coded, np.load(Path(folder) / f"ids-{generation:06}.npy"), threads)
        index._folder, index._generation = Path(folder), generation
        log = Log(logs[-1])
        for kind, content in log.records():
            if kind == b"-":
                index._drop(np.frombuffer(content, np.int64))
                continue
            count = int(np.frombuffer(content, np.int64, 1)[0])
            names = np.frombuffer(content, np.int64, count, 8)
            index._insert(np.frombuffer(content, np.float32, -1, 8 + 8 * count).reshape(count, -1), names)
        index._log = log
        return index

    def close(self) -> None:
        """Close the log of an index in a folder; it takes no changes after that."""
        if self._log is not None:
            self._log.close()

    def unreachable(self) -> int:
        """Live vectors that no path from the root reaches: 0, unless an invariant is broken."""
        state, used = self._state, self._used
        lists = state.coded.lists
        parents, root = np.full(len(lists), -1, np.int32), int(lists[-1, 0])
        parents[root] = root
        grow_tree(lists, root, parents, np.empty(len(lists), np.int32), 0)
        return int((state.alive[:used] & (parents[:used] < 0)).sum())

    @property
    def degrees(self) -> NDArray[np.int64]:
        """Out-degrees of all vectors in use, dead ones too."""
        lists, edges = self._state.coded.lists, np.empty(self._state.coded.lists.shape[1], np.int32)
        return np.array([edges_of(lists, row, edges) for row in range(self._used)])

    def _take(self, coded: CodedNSG, ids: LongIds) -> None:
        """Begin with an index without dead rows."""
        n = len(ids)
        self._rows = {int(one): row for row, one in enumerate(ids.tolist())}
        self._next = max(getattr(self, "_next", 0), int(ids.max(initial=-1)) + 1)
        parents, root = np.full(n, -1, np.int32), int(coded.lists[-1, 0])
        parents[root], order = root, np.empty(n, np.int32)
        reached = grow_tree(coded.lists, root, parents, order, 0)
        lists, edges = coded.lists, np.empty(coded.lists.shape[1], np.int32)
        for node in np.flatnonzero(parents < 0).tolist():
            # Attached to what was discovered last that has room: a leaf has. What hangs on the node comes with it.
            for source in order[:reached][::-1]:
                adopt(lists, parents, source, node, edges)
                if parents[node] >= 0:
                    break
            reached = grow_tree(lists, node, parents, order, reached)
        self._state, self._used = State(coded, ids, np.ones(n, np.bool_), parents), n

    def _insert(self, rows: Floats, names: LongIds) -> None:
        self._make_room(len(rows))
        state, start, stop = self._state, self._used, self._used + len(rows)
        coded = state.coded
        placed, _ = coded.place(rows)
        if coded.vectors.dtype == np.uint8 and placed.dtype != np.uint8:
            coded = CodedNSG(coded.lists, coded.vectors.astype(np.float32), coded.short, coded.space)
            state = self._state = state._replace(coded=coded)
        coded.vectors[start:stop], state.ids[start:stop] = placed, names
        short, vnni = coded.short, coded.short.codes.dtype == np.uint8
        if short.codec is not None:
            short.codes[start:stop] = short.codec.encode(placed, vnni=vnni)[: len(rows)]
        scratch = insert_scratch(min(LIST_SIZE, start + 1), coded.lists.shape[1])
        asked = short.of_queries(placed)
        insert_rows(
            coded.lists,
            short.codes,
            asked,
            coded.vectors,
            short.instructions,
            state.alive,
            state.parents,
            start,
            stop,
            scratch,
        )
        self._used, self._next = stop, max(self._next, int(names.max(initial=-1)) + 1)
        self._rows.update(zip(names.tolist(), range(start, stop), strict=True))

    def _make_room(self, more: int) -> None:
        """Arrays for so many rows more: half as many again, since they are copied."""
        state, used = self._state, self._used
        if used + more <= len(state.ids):
            return
        capacity = max(used + more, used + used // 2, 1024)
        coded, short = state.coded, state.coded.short
        codes = short.codes
        lists, vectors = enlarged(coded.lists, used, capacity, 1), enlarged(coded.vectors, used, capacity)
        codes = vectors if short.codec is None else enlarged(short.codes, used, capacity, 2)
        grown = CodedNSG(lists, vectors, ShortCodes(short.codec, codes), coded.space)
        ids, alive, parents = (
            np.concatenate([part[:used], np.zeros(capacity - used, part.dtype)])
            for part in (state.ids, state.alive, state.parents)
        )
        self._state = State(grown, ids, alive, parents)

    def _drop(self, names: LongIds) -> None:
        for one in names.tolist():
            self._state.alive[self._rows.pop(one)] = False

    def _compact(self) -> None:
        if len(self) == 0:
            raise ValueError("compact: expected at least one live vector, got none")
        state, used = self._state, self._used
        coded, short = state.coded, state.coded.short
        live = np.flatnonzero(state.alive[:used])
        number = np.full(used, -1, np.int32)
        number[live] = np.arange(len(live))
        graph = np.full((len(live), coded.lists.shape[1]), -1, np.int32)
        arguments = (coded.lists, coded.vectors, short.instructions, state.alive, number)
        threads = self._threads or usable_cores()
        run_all(lambda _, a, b: without_dead(*arguments, a, b, graph), used, chunk=1024, threads=threads)
        vectors = enlarged(coded.vectors[live], len(live), len(live))
        codes = vectors
        if short.codec is not None:
            codes = enlarged(np.vstack([short.codes[live], short.codes[-2:]]), len(live), len(live), 2)
        root = int(nearest_row(vectors, vectors.mean(axis=0, dtype=np.float64)))
        lists = lists_with_start(graph, root, None, STARTS)
        self._take(CodedNSG(lists, vectors, ShortCodes(short.codec, codes), coded.space), state.ids[live])
        if self._folder != Path():
            self._write()

    def _write(self) -> None:
        """Write the next generation; it counts from the moment at which its log bears its name."""
        before, self._generation = self._generation, self._generation + 1
        name = f"{self._generation:06}"
        self._state.coded.save(self._folder / f"index-{name}.nsg")
        np.save(self._folder / f"ids-{name}.npy", self._state.ids)
        unnamed = self._folder / "log.new"
        unnamed.unlink(missing_ok=True)
        Log(unnamed).close()
        os.replace(unnamed, self._folder / f"log-{name}")
        self.close()
        self._log = Log(self._folder / f"log-{name}")
        for old in (f"log-{before:06}", f"index-{before:06}.nsg", f"ids-{before:06}.npy"):
            (self._folder / old).unlink(missing_ok=True)


def enlarged(array: Any, used: int, capacity: int, last: int = 0) -> Any:
    """The first ``used`` rows of an array with room for ``capacity``, and its ``last`` rows after these."""
    rows = aligned_rows(capacity + last, array.shape[1], array.dtype)
    rows[:used] = array[:used]
    if last:
        rows[-last:] = array[-last:]
    return rows


def checked_ids(ids: ArrayLike, count: int | None = None) -> LongIds:
    """Integers of 64 bits, each once, and none below 0.

    >>> checked_ids([7, 7])
    Traceback (most recent call last):
    ValueError: ids: expected each once, got 7 twice
    """
    given = np.asarray(ids)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu") or (count is not None and len(given) != count):
        raise ValueError(
            f"ids: expected {'some' if count is None else count} integers, got {given.dtype} {given.shape}"
        )
    names = given.astype(np.int64)
    if (names < 0).any():
        raise ValueError(f"ids: expected none below 0, got {names.min()}")
    unique, counts = np.unique(names, return_counts=True)
    if len(unique) < len(names):
        raise ValueError(f"ids: expected each once, got {unique[counts.argmax()]} twice")
    return names
