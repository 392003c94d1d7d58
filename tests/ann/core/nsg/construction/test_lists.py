"""Neighbor lists in blocks of eight."""

from __future__ import annotations

import numpy as np

from experiments.ann.core.nsg.construction.lists import in_blocks


def test_gaps_repeat_the_first_id_of_their_block() -> None:
    row = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    lists = in_blocks(np.array([row, [1] + [-1] * 9], np.int32))
    assert lists.tolist() == [[*row, 11, 11, 11, 11, 11, 11], [1] * 8 + [-1] * 8]
