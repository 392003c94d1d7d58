"""The smallest of many keys against numpy's sort."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.ann.core.simd.selection import select_smallest, split

KEYS = st.lists(st.integers(0, 2**62) | st.integers(0, 3), min_size=1, max_size=200)
AFTER = -5


@settings(deadline=None, derandomize=True)  # the first example compiles
@given(KEYS, st.data())
def test_the_smallest_come_first_and_nothing_after_them_is_touched(keys: list[int], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, len(keys)))
    array = np.array([*keys, *[AFTER] * 8], np.int64)
    select_smallest(array, len(keys), count, np.empty(len(array), np.int64))
    assert sorted(array[:count]) == sorted(keys)[:count]
    assert sorted(array[: len(keys)]) == sorted(keys)
    assert (array[len(keys) :] == AFTER).all()


@settings(deadline=None, derandomize=True)  # the first example compiles
@given(KEYS, st.integers(0, 2**62))
def test_a_split_keeps_the_order_of_both_parts(keys: list[int], pivot: int) -> None:
    array, others = np.array([*keys, *[AFTER] * 8], np.int64), np.empty(len(keys) + 8, np.int64)
    place = split(array, 0, len(keys), pivot, others)
    assert array[:place].tolist() == [key for key in keys if key <= pivot]
    assert others[: len(keys) - place].tolist() == [key for key in keys if key > pivot]
    assert (array[len(keys) :] == AFTER).all()
