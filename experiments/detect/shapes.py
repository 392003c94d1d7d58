"""The masks and keypoints of COCO's files, checked; what is not one is a fault that names its entry.

A mask is a list of polygons [x1, y1, x2, y2, ...] or run lengths {"size": [height, width], "counts": [...] or text}.
Source: https://cocodataset.org/#format-data.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.detect.core.shapes.masks import Floats, Ints, Masks, Runs
from experiments.foundation.datasets.formats.fields import is_number, refuse, shown

LARGEST_SIDE = 1 << 16
"""Pixels: the walk along a polygon takes as long as its image is wide."""
FEWEST_COORDINATES = 6
LARGEST_COUNT = 1 << 62


class ShapeError(ValueError):
    """Why a segmentation is no mask, as the end of a sentence."""


def masks_of(path: Path, name: str, segmentations: Sequence[Any], sizes: Sequence[tuple[int, int]]) -> Masks:
    """The masks of the entries ``name`` of a file, on images of these sizes (width, height).

    Raises:
        InputError: one line per entry without a mask, or with one that does not fit its image.
    """
    runs: list[Runs] = []
    faults: list[str] = []
    for number, (segmentation, (width, height)) in enumerate(zip(segmentations, sizes, strict=True)):
        try:
            runs.append(runs_of(segmentation, height, width))
        except ShapeError as fault:
            faults.append(f"{name}[{number}]: segmentation {fault}.")
    refuse(path, faults)
    return Masks.of(runs, [height for _, height in sizes])


def runs_of(segmentation: Any, height: int, width: int) -> Runs:
    """The runs of one segmentation on an image of that size; raises ShapeError where it is none."""
    from experiments.detect.core.shapes.runs import runs_of_counts, runs_of_polygons

    if not 0 < min(height, width) <= max(height, width) <= LARGEST_SIDE or height * width >= 1 << 31:
        raise ShapeError(f"needs an image of 1 to {LARGEST_SIDE} pixels a side, its image has {width} x {height}")
    if type(segmentation) is list and segmentation:
        return runs_of_polygons([_polygon(one, height, width) for one in segmentation], height, width)
    if type(segmentation) is not dict:
        raise ShapeError(f"is {shown(segmentation)}, expected polygons or run lengths")
    if segmentation.get("size") != [height, width]:
        raise ShapeError(f"has the size {shown(segmentation.get('size'))}, its image [{height}, {width}]")
    return runs_of_counts(_counts(segmentation.get("counts"), height * width))


def keypoints_of(path: Path, name: str, keypoints: Sequence[Any], n: int) -> Floats:
    """(entries, n, 3) keypoints; the third number of annotations is 0, 1 or 2, that of results may be a score.

    Raises:
        InputError: one line per entry that has not 3 n such numbers.
    """
    third = "visibility 0, 1 or 2" if name == "annotations" else "visibility"
    faults = [
        f"{name}[{number}]: keypoints are {shown(one)}, expected {n} times x, y, {third} in finite numbers."
        for number, one in enumerate(keypoints)
        if type(one) is not list
        or len(one) != 3 * n
        or not all(map(is_number, one))
        or (name == "annotations" and not {0, 1, 2}.issuperset(one[2::3]))
    ]
    refuse(path, faults)
    return np.array(keypoints, dtype=np.float64).reshape(-1, n, 3)


def _polygon(coordinates: Any, height: int, width: int) -> Floats:
    if type(coordinates) is not list or len(coordinates) < FEWEST_COORDINATES or len(coordinates) % 2:
        raise ShapeError(f"has the polygon {shown(coordinates)}, expected x and y of at least 3 points")
    if not all(map(is_number, coordinates)):
        raise ShapeError(f"has the polygon {shown(coordinates)}, expected finite numbers")
    points = np.array(coordinates, dtype=np.float64).reshape(-1, 2)
    sides = np.array([width, height])
    if (points < -sides).any() or (points > 2 * sides).any():
        raise ShapeError(f"has a point farther from its image, {width} x {height}, than the image is large")
    return points


def _counts(counts: Any, pixels: int) -> Ints:
    from experiments.detect.core.shapes.runs import counts_of_text

    if type(counts) is str:
        text = counts.encode() if counts.isascii() else b"\xff"
        values, spelled = counts_of_text(np.frombuffer(text, dtype=np.uint8))
        if not spelled:
            raise ShapeError(f"has the counts {shown(counts)}, which are no compressed run lengths")
    elif type(counts) is list and all(type(count) is int and abs(count) < LARGEST_COUNT for count in counts):
        values = np.array(counts, dtype=np.int64)
    else:
        raise ShapeError(f"has the counts {shown(counts)}, expected text or a list of whole numbers")
    if (values < 0).any() or (values > pixels).any() or values.sum() != pixels:
        raise ShapeError(
            f"has counts {shown(values.tolist())} that add to {sum(values.tolist())}, its image has {pixels} pixels"
        )
    return values
