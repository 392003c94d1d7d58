"""The runs of a mask from a bitmap, from COCO's counts and from polygons, and how much two masks overlap.

Numbers and pixels are pycocotools', to the last bit. Source: Lin et al.: Microsoft COCO, ECCV 2014; maskApi of
https://github.com/cocodataset/cocoapi.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.detect.core.compiled import compiled
from experiments.detect.core.shapes.masks import Flags, Floats, Ints, Runs

UPSAMPLED = 5.0
"""The outline of a polygon is walked in fifths of a pixel."""


def runs_of_bitmap(mask: Flags) -> Runs:
    """The runs of a mask (h, w).

    >>> runs_of_bitmap(np.array([[True, False], [True, True]]))
    array([[0, 2],
           [3, 4]])
    """
    pixels = mask.T.ravel().astype(np.int8)
    return np.flatnonzero(np.diff(pixels, prepend=0, append=0)).reshape(-1, 2)


def runs_of_counts(counts: Ints) -> Runs:
    """The runs of COCO's counts, which alternate between pixels outside and inside, outside first.

    >>> runs_of_counts(np.array([3, 2, 4]))
    array([[3, 5]])
    """
    ends = np.cumsum(counts)
    runs = ends[: len(ends) // 2 * 2].reshape(-1, 2)
    return runs[runs[:, 0] < runs[:, 1]]


@compiled
def counts_of_text(text: NDArray[np.uint8]) -> tuple[Ints, bool]:
    """The counts that COCO's compressed text spells, and whether it is such a text.

    Six bits a sign, from "0" on: five of the number, lowest first, and one that says that it goes on. From the fourth
    on a number is what the count differs by from the one before the last.

    >>> counts_of_text(np.frombuffer(b"52203", np.uint8))
    (array([5, 2, 2, 2, 5]), True)
    """
    counts, n, i = np.empty(len(text), np.int64), 0, 0
    while i < len(text):
        value, shift, more = np.int64(0), 0, True
        while more:
            if i == len(text) or not 48 <= text[i] < 112 or shift > 55:
                return counts[:n], False
            sign = np.int64(text[i]) - 48
            value |= (sign & 31) << shift
            more, shift, i = bool(sign & 32), shift + 5, i + 1
            if not more and sign & 16:
                value -= np.int64(1) << shift
        counts[n] = value + counts[n - 2] if n > 2 else value
        n += 1
    return counts[:n], True


def runs_of_polygons(polygons: Sequence[Floats], height: int, width: int) -> Runs:
    """The runs of the union of polygons (n, 2), points (x, y) in pixels, inside an image.

    >>> runs_of_polygons([np.array([[0.0, 0], [2, 0], [2, 2], [0, 2]])], 3, 4)
    array([[0, 2],
           [3, 5]])
    """
    found = [_runs_of_polygon(points, height, width) for points in polygons]
    runs = found[0] if len(found) == 1 else np.concatenate(found)
    runs = runs[runs[:, 0] < runs[:, 1]]
    if len(found) == 1 or not len(runs):
        return runs
    runs = runs[np.argsort(runs[:, 0], kind="stable")]
    ends = np.maximum.accumulate(runs[:, 1])
    first = np.flatnonzero(np.concatenate([[True], runs[1:, 0] > ends[:-1]]))
    return np.stack([runs[first, 0], ends[np.append(first[1:] - 1, -1)]], axis=1)


@compiled
def _runs_of_polygon(points: Floats, height: int, width: int) -> Runs:
    """Runs between the pixels at which the outline crosses the middle of a column; some may be empty."""
    n = len(points)
    x, y = np.empty(n + 1, np.int64), np.empty(n + 1, np.int64)
    for j in range(n):
        x[j], y[j] = int(UPSAMPLED * points[j, 0] + 0.5), int(UPSAMPLED * points[j, 1] + 0.5)
    x[n], y[n] = x[0], y[0]
    crossings, found = np.empty(np.sum(np.abs(np.diff(x)) // 5 + 2) + 1, np.int64), 0
    u_before, v_before = x[0], y[0]
    for j in range(n):
        x0, y0, x1, y1 = x[j], y[j], x[j + 1], y[j + 1]
        dx, dy = abs(x1 - x0), abs(y1 - y0)
        flat, steps = dx >= dy, max(dx, dy)
        back = x0 > x1 if flat else y0 > y1
        if back:
            x0, y0, x1, y1 = x1, y1, x0, y0
        slope = ((y1 - y0) / dx if flat else (x1 - x0) / dy) if steps else 0.0
        for step in range(steps + 1):
            t = steps - step if back else step
            u = x0 + t if flat else int(x0 + slope * t + 0.5)
            v = int(y0 + slope * t + 0.5) if flat else y0 + t
            if u != u_before:
                column = ((u if u < u_before else u - 1) + 0.5) / UPSAMPLED - 0.5
                if column == math.floor(column) and 0 <= column <= width - 1:
                    row = (min(v, v_before) + 0.5) / UPSAMPLED - 0.5
                    crossings[found] = int(column) * height + math.ceil(min(max(row, 0.0), float(height)))
                    found += 1
            u_before, v_before = u, v
    if found % 2:
        crossings[found] = height * width
        found += 1
    return np.sort(crossings[:found]).reshape(-1, 2)


@compiled
def mask_overlap(
    runs: NDArray[np.uint32], area: float, others: NDArray[np.uint32], other_area: float, crowd: bool
) -> float:
    """Intersection over union of two masks; with a crowd the share of the first one inside."""
    shared, i, j = np.int64(0), 0, 0
    while i < len(runs) and j < len(others):
        first, end = max(runs[i, 0], others[j, 0]), min(runs[i, 1], others[j, 1])
        if first < end:
            shared += np.int64(end) - np.int64(first)
        if runs[i, 1] < others[j, 1]:
            i += 1
        else:
            j += 1
    if shared == 0:
        return 0.0
    return shared / (area if crowd else area + other_area - shared)
