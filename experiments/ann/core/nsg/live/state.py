"""The arrays of an index that changes: with room for more rows, and without dead ones."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.codes.short_codes import ShortCodes
from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.construction.building import nearest_row
from experiments.ann.core.nsg.construction.lists import STARTS, lists_with_start
from experiments.ann.core.nsg.construction.reachability import grow_tree
from experiments.ann.core.nsg.live.linking import adopt
from experiments.ann.core.nsg.live.removal import without_dead
from experiments.ann.core.nsg.searching.batch_search import Mask
from experiments.ann.core.simd.distance import Ids
from experiments.ann.core.simd.kernel import run_all
from experiments.ann.core.simd.vector import aligned_rows

LongIds = NDArray[np.int64]


class State(NamedTuple):
    """What a search takes at its start, and what a writer replaces as a whole when it must not change in place."""

    coded: CodedNSG
    """Graph, vectors and codes with room for more: rows up to ``used`` are in use."""
    ids: LongIds
    """The caller's id of every row (capacity,)."""
    alive: Mask
    """Which rows may be results (capacity,)."""
    parents: Ids
    """See ``live.linking`` (capacity,)."""
    used: int
    dead: int
    """How many of the used rows may not be results."""


def state_of(coded: CodedNSG, ids: LongIds) -> State:
    """An index without dead rows and the ids (n,) of its rows; what its root does not reach is attached."""
    lists, n = coded.lists, len(ids)
    parents, root = np.full(n, -1, np.int32), int(lists[-1, 0])
    parents[root], order, edges = root, np.empty(n, np.int32), np.empty(lists.shape[1], np.int32)
    reached = grow_tree(lists, root, parents, order, 0)
    for node in np.flatnonzero(parents < 0).tolist():
        if parents[node] >= 0:  # it came with another
            continue
        # To what was discovered last and has room: a leaf has. What hangs on the node comes with it.
        for source in order[:reached][::-1]:
            adopt(lists, parents, source, node, edges)
            if parents[node] >= 0:
                break
        reached = grow_tree(lists, node, parents, order, reached)
    return State(coded, ids, np.ones(n, np.bool_), parents, n, 0)


def with_room(state: State, wanted: int) -> State:
    """Arrays for at least so many rows: half as many again, since they are copied."""
    if wanted <= len(state.ids):
        return state
    used = state.used
    capacity = max(wanted, used + used // 2, 1024)
    coded, short = state.coded, state.coded.short
    lists, vectors = enlarged(coded.lists, used, capacity, 1), enlarged(coded.vectors, used, capacity)
    codes = vectors if short.codec is None else enlarged(short.codes, used, capacity, 2)
    grown = CodedNSG(lists, vectors, ShortCodes(short.codec, codes), coded.space)
    ids, alive, parents = (
        np.concatenate([part[:used], np.zeros(capacity - used, part.dtype)])
        for part in (state.ids, state.alive, state.parents)
    )
    return State(grown, ids, alive, parents, used, state.dead)


def compacted(state: State, threads: int) -> tuple[CodedNSG, LongIds]:
    """The live rows as an index of their own, and their ids."""
    coded, short, used = state.coded, state.coded.short, state.used
    live = np.flatnonzero(state.alive[:used])
    number = np.full(used, -1, np.int32)
    number[live] = np.arange(len(live))
    graph = np.full((len(live), coded.lists.shape[1]), -1, np.int32)
    arguments = (coded.lists, coded.vectors, short.instructions, number)
    run_all(lambda _, start, stop: without_dead(*arguments, start, stop, graph), used, chunk=1024, threads=threads)
    vectors = enlarged(coded.vectors[live], len(live), len(live))
    codes = vectors
    if short.codec is not None:
        codes = enlarged(np.vstack([short.codes[live], short.codes[-2:]]), len(live), len(live), 2)
    root = int(nearest_row(vectors, vectors.mean(axis=0, dtype=np.float64)))
    lists = lists_with_start(graph, root, None, STARTS)
    return CodedNSG(lists, vectors, ShortCodes(short.codec, codes), coded.space), state.ids[live]


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
