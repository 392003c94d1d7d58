"""The smallest of many keys, with vector instructions that split them at a pivot."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from experiments.ann.core.simd.distance import Keys
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.lanes import BLOCK, I64, KEYS, splat, store_some
from experiments.ann.core.simd.vector import element_pointer, instruction

SCALAR = 24
"""Keys up to which splitting one by one is as fast."""


@instruction
def split_eight(typing_context: Any, keys: Any, first: Any, pivot: Any, place: Any, others: Any) -> Any:
    """Of the eight keys from ``first`` on, store those up to a pivot from ``place`` on, and the rest in ``others`` from
    ``first - place`` on; returns the place after the former. What lies after them is overwritten, eight in all.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds, (keys, first, pivot, place, others) = signature.args, arguments

        def address(kind: Any, array: Any, index: Any) -> Any:
            return builder.bitcast(element_pointer(context, builder, kind, array, index), I64.as_pointer())

        eight = builder.load(builder.bitcast(address(kinds[0], keys, first), KEYS.as_pointer()), align=8)
        below = builder.icmp_signed("<=", eight, splat(builder, pivot, KEYS))
        above = builder.xor(below, ir.Constant(below.type, [1] * BLOCK))
        # Of ``first`` keys seen (counted from where splitting began) ``place`` stayed, so first - place have left. In
        # ``keys`` place <= first: what the eight stores overwrite has been read.
        store_some(builder, eight, above, address(kinds[4], others, builder.sub(first, place)))
        return builder.add(place, store_some(builder, eight, below, address(kinds[0], keys, place)))

    return types.int64(keys, types.int64, types.int64, types.int64, others), generate


@kernel
def split(keys: Keys, first: int, stop: int, pivot: int, others: Keys) -> int:
    """Move the keys first..stop-1 up to a pivot to the front, in their order, and copy the rest to ``others`` (at least
    stop - first + 8,); returns the place after the former.

    >>> import numpy as np
    >>> keys, others = np.array([5, 1, 7, 3]), np.zeros(12, np.int64)
    >>> split(keys, 0, 4, 4, others), keys[:2].tolist(), others[:2].tolist()
    (2, [1, 3], [5, 7])
    """
    place = first
    vectors = stop - (stop - first) % BLOCK
    for at in range(first, vectors, BLOCK):
        place = split_eight(keys, at, pivot, place, others)
    for at in range(vectors, stop):
        key = keys[at]
        if key <= pivot:
            keys[place] = key
            place += 1
        else:
            others[at - place] = key
    return place


@kernel
def select_smallest(keys: Keys, size: int, count: int, others: Keys) -> None:
    """Partition keys[:size] so that the ``count`` smallest come first (Hoare's selection).

    ``others`` is scratch (at least size + 8,).

    >>> import numpy as np
    >>> keys = np.array([9, 2, 8, 1, 7, 3])
    >>> select_smallest(keys, 6, 3, np.zeros(14, np.int64))
    >>> sorted(keys[:3].tolist())
    [1, 2, 3]
    """
    low, high = 0, size
    while high - low > SCALAR and low < count < high:
        # The median of three: min(max(a, b), c), but not below min(a, b). Ordered keys are halved by it.
        a, b, c = keys[low], keys[(low + high) >> 1], keys[high - 1]
        pivot = max(min(a, b), min(max(a, b), c))
        place = split(keys, low, high, pivot, others)
        copy_keys(others, 0, high - place, keys, place)
        if place == high:  # the pivot is the largest, and splitting again would change nothing
            break
        low, high = (place, high) if place <= count else (low, place)
    select_one_by_one(keys, low, high - 1, count)


@kernel
def select_one_by_one(keys: Keys, low: int, high: int, count: int) -> None:
    """``select_smallest`` where it is known that the ``count`` smallest end in low..high.

    Source: Hoare: Algorithm 65, Find, CACM 4(7), 1961.
    """
    while low < high:
        pivot = keys[(low + high) >> 1]
        i, j = low, high
        while i <= j:
            while keys[i] < pivot:
                i += 1
            while keys[j] > pivot:
                j -= 1
            if i <= j:
                keys[i], keys[j] = keys[j], keys[i]
                i += 1
                j -= 1
        # keys[low..j] <= pivot <= keys[i..high], and what lies between is the pivot: go on where place count - 1 is.
        if count - 1 <= j:
            high = j
        elif count - 1 >= i:
            low = i
        else:
            return


@kernel
def copy_keys(source: Keys, first: int, stop: int, target: Keys, place: int) -> None:
    """target[place...] = source[first:stop], in a form that compiles quickly.

    >>> import numpy as np
    >>> target = np.zeros(4, np.int64)
    >>> copy_keys(np.array([7, 8, 9]), 1, 3, target, 2)
    >>> target.tolist()
    [0, 0, 8, 9]
    """
    for i in range(stop - first):
        target[place + i] = source[first + i]


@kernel
def sort_few(keys: Keys, size: int) -> None:
    """Sort keys[:size] by insertion: as quick as any other way for some dozens, and quick to compile.

    >>> import numpy as np
    >>> keys = np.array([5, 1, 3, 0])
    >>> sort_few(keys, 3)
    >>> keys.tolist()
    [1, 3, 5, 0]
    """
    for i in range(1, size):
        key, j = keys[i], i
        while j > 0 and keys[j - 1] > key:
            keys[j] = keys[j - 1]
            j -= 1
        keys[j] = key
