"""Masks as runs of pixels.

Pixels are numbered down each column, as COCO does: pixel i of an image of height h lies in column i // h and row i % h.
A run is (its first pixel, the one after its last); the runs of a mask rise and do not overlap. A mask takes 8 bytes per
run and none per pixel, whatever size its image claims.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Runs = NDArray[np.int64]
"""(r, 2)"""


@dataclass(frozen=True, kw_only=True)
class Masks:
    """The masks of n objects."""

    runs: NDArray[np.uint32]
    """(r, 2) of all masks, one mask after the other."""
    starts: Ints
    """(n + 1,) where the runs of each begin."""
    heights: Ints
    """(n,) of their images."""

    @classmethod
    def of(cls, runs: Sequence[Runs], heights: Sequence[int]) -> Masks:
        """One mask per entry."""
        return cls(
            runs=np.concatenate([np.zeros((0, 2), np.int64), *runs]).astype(np.uint32),
            starts=np.cumsum([0, *map(len, runs)], dtype=np.int64),
            heights=np.array(heights, dtype=np.int64),
        )

    def __len__(self) -> int:
        return len(self.heights)

    @cached_property
    def areas(self) -> Floats:
        """(n,) pixels of each."""
        before = np.concatenate([[0], np.cumsum(self.runs[:, 1].astype(np.int64) - self.runs[:, 0])])
        return np.diff(before[self.starts]).astype(np.float64)

    @property
    def boxes_xywh(self) -> Floats:
        """(n, 4) boxes around them; an empty mask has zeros."""
        boxes, full = np.zeros((len(self), 4)), np.flatnonzero(np.diff(self.starts))
        if len(full):
            heights = np.repeat(self.heights, np.diff(self.starts))
            first, last = self.runs[:, 0].astype(np.int64), self.runs[:, 1].astype(np.int64) - 1
            on = first // heights != last // heights  # a run that goes on in the next column touches both borders
            left, right = (first // heights)[self.starts[full]], (last // heights)[self.starts[full + 1] - 1]
            top = np.minimum.reduceat(np.where(on, 0, first % heights), self.starts[full])
            bottom = np.maximum.reduceat(np.where(on, heights - 1, last % heights), self.starts[full])
            boxes[full] = np.stack([left, top, right - left + 1, bottom - top + 1], axis=1)
        return boxes
