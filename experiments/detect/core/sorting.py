"""Stable orders in linear time, by a whole number and by falling score: comparing would take most of an evaluation."""

from __future__ import annotations

import numpy as np

from experiments.detect.core.compiled import compiled
from experiments.detect.core.ground_truth import Floats, Ints

DIGIT = 11
"""Bits that one pass over the scores looks at: its counts stay in the processor's nearest cache."""
FEW = 32
"""So many are sorted by insertion."""


@compiled
def order_by_key(keys: Ints, n_keys: int, order: Ints) -> tuple[Ints, Ints]:
    """``order`` (n,), indices into ``keys``, stably rearranged so that keys rise; (n_keys + 1,) where each key begins.

    >>> order_by_key(np.array([2, 0, 2, 1]), 3, np.arange(4))[0]
    array([1, 3, 0, 2])
    """
    starts = np.zeros(n_keys + 1, np.int64)
    for i in order:
        starts[keys[i] + 1] += 1
    for key in range(n_keys):
        starts[key + 1] += starts[key]
    places, sorted_order = starts[:-1].copy(), np.empty_like(order)
    for i in order:
        sorted_order[places[keys[i]]] = i
        places[keys[i]] += 1
    return sorted_order, starts


@compiled
def order_by_falling_score(scores: Floats, order: Ints) -> Ints:
    """``order`` (n,) stably rearranged so that ``scores`` fall, without NaN.

    As whole numbers the bits of positive floats rise with the float, those of negative ones fall; 0.0 and -0.0 are made
    equal. Sixteen bits at a time from the lowest on, each pass keeping the order of the one before.

    >>> order_by_falling_score(np.array([0.5, -1.0, 2.0, 0.5]), np.arange(4))
    array([2, 0, 3, 1])
    """
    bits = (scores + 0.0).view(np.uint64)
    highest = np.uint64(1) << np.uint64(63)
    keys = np.where(bits & highest, bits, ~(bits | highest))
    digits = np.empty(len(keys), np.int64)
    for shift in range(0, 64, DIGIT):
        for i in range(len(keys)):
            digits[i] = (keys[i] >> np.uint64(shift)) & np.uint64((1 << DIGIT) - 1)
        if len(digits) and (digits != digits[0]).any():
            order, _ = order_by_key(digits, 1 << DIGIT, order)
    return order


@compiled
def order_by_key_and_score(keys: Ints, scores: Floats, n_keys: int, order: Ints) -> tuple[Ints, Ints, Ints]:
    """As ``order_by_key``, by falling score where keys are equal; the third array (n,) is the rank there.

    >>> order_by_key_and_score(np.array([1, 0, 1]), np.array([0.2, 0.5, 0.9]), 2, np.arange(3))
    (array([1, 2, 0]), array([0, 1, 3]), array([0, 0, 1]))
    """
    order, starts = order_by_key(keys, n_keys, order)
    ranks = np.empty_like(order)
    for key in range(n_keys):
        first, end = starts[key], starts[key + 1]
        if end - first > FEW:
            order[first:end] = order[first:end][np.argsort(-scores[order[first:end]], kind="mergesort")]
        for last in range(first, end):
            i, place = order[last], last
            while place > first and scores[order[place - 1]] < scores[i]:
                order[place] = order[place - 1]
                place -= 1
            order[place], ranks[last] = i, last - first
    return order, starts, ranks


def dense_ids(ids: Ints, others: Ints) -> tuple[Ints, Ints, int]:
    """Two arrays of ids as ranks among all that occur in either, and how many there are.

    >>> dense_ids(np.array([7, 3]), np.array([9, 3]))
    (array([1, 0]), array([2, 0]), 3)
    """
    low = min(ids.min(initial=0), others.min(initial=0))
    high = max(ids.max(initial=0), others.max(initial=0))
    if high - low > 16 * (len(ids) + len(others)) + 2**20:
        known = np.unique(np.concatenate([ids, others]))
        return np.searchsorted(known, ids), np.searchsorted(known, others), len(known)
    occurs = np.zeros(high - low + 1, np.bool_)
    occurs[ids - low] = occurs[others - low] = True
    ranks = np.cumsum(occurs) - 1
    return ranks[ids - low], ranks[others - low], int(occurs.sum())
