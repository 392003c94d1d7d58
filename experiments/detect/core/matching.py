"""Compiled loops of COCO's evaluation: which detection finds which object.

One class at a time. Groups are the class's images: detections lie by falling score, objects in the order of their
file. Most detections overlap no object by any threshold; their outcome hangs on their own area alone, and only the
others, called contenders, are matched at every threshold and area range. Rules, each of which changes numbers: an
object is found once, by the best-scored detection that overlaps it at least by the threshold; of several free objects
the one with the largest overlap, the last one among equals; ordinary objects before ignored ones; crowds may be matched
again and again. A detection on an ignored object, and one without object whose own area is out of range, is neither
right nor wrong.

Source: Lin et al.: Microsoft COCO, ECCV 2014; the rules are those of pycocotools' cocoeval.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.detect.core.compiled import compiled
from experiments.detect.core.ground_truth import Flags, Floats, Ints

Codes = NDArray[np.uint8]

WRONG, RIGHT, IGNORED, DROPPED = np.uint8(0), np.uint8(1), np.uint8(2), np.uint8(3)
"""Outcome of a detection; dropped ones are beyond the largest number of detections per image."""
HIGHEST_THRESHOLD = 1 - 1e-10
"""Equal boxes match at threshold 1 in spite of rounding."""


@compiled
def match_image(
    overlaps: Floats, n: int, m: int, first: int, crowd: Flags, ignored: Flags, thresholds: Floats, codes: Codes
) -> None:
    """Fill the last n of ``codes`` (all, ranges, thresholds): the contenders of one image, by falling score.

    Views of arrays would take longer than the work that is done on them, so places in whole arrays are passed.

    Args:
        overlaps: with the m objects of the image, row by row.
        first: where these begin among the objects of ``crowd`` (all,) and of ``ignored`` (ranges, all).
    """
    taken = np.empty(m, np.bool_)
    for a in range(codes.shape[1]):
        for t in range(len(thresholds)):
            taken[:] = False
            for i in range(n):
                best, found = thresholds[t], -1
                for late in (False, True):  # objects that count first
                    for j in range(m):
                        if (
                            overlaps[i * m + j] >= best
                            and ignored[a, first + j] == late
                            and (crowd[first + j] or not taken[j])
                        ):
                            best, found = overlaps[i * m + j], j
                    if found >= 0:
                        break
                if found >= 0:
                    taken[found] = True
                    codes[len(codes) - n + i, a, t] = IGNORED if ignored[a, first + found] else RIGHT
                else:
                    codes[len(codes) - n + i, a, t] = WRONG


@compiled
def match_class(
    overlaps: Floats,
    starts: Ints,
    objects: Ints,
    object_starts: Ints,
    areas: Floats,
    crowd: Flags,
    uncounted: Flags,
    area_ranges: Floats,
    thresholds: Floats,
) -> tuple[Ints, Codes, Ints]:
    """Which detections contend (n,), as the place of their codes or -1; codes (contenders, ranges, thresholds).

    A third array (ranges,) is how many objects count.

    Args:
        overlaps: of all groups, as ``overlaps_of`` gives them.
        starts: the detections of group g, by falling score, are starts[g] .. starts[g + 1] - 1.
        objects: (m,) indices by group, with ``object_starts`` in the same way.
        areas: of all objects, as annotated.
        crowd, uncounted: of all objects: regions of many, and all that never count (crowds among them).
        area_ranges: (ranges, 2), both ends included.
    """
    thresholds, lowest = np.minimum(thresholds, HIGHEST_THRESHOLD), min(thresholds.min(), HIGHEST_THRESHOLD)
    ignored = ignored_objects(objects, areas, uncounted, area_ranges)
    crowd, contending, places = crowd[objects], np.empty(len(overlaps)), np.full(starts[-1], -1, np.int64)
    n, at = 0, 0
    codes = np.empty((min(starts[-1], len(overlaps)), len(area_ranges), len(thresholds)), np.uint8)
    for group in range(len(starts) - 1):
        begin, end = object_starts[group], object_starts[group + 1]
        m, contenders, filled = end - begin, n, 0
        if m == 0:
            continue
        for i in range(starts[group], starts[group + 1]):
            largest = 0.0
            for j in range(m):
                contending[filled + j] = overlaps[at + j]
                largest = max(largest, overlaps[at + j])
            if largest >= lowest:
                places[i], n, filled = n, n + 1, filled + m
            at += m
        if filled:
            match_image(contending, n - contenders, m, begin, crowd, ignored, thresholds, codes[:n])
    return places, codes[:n], (~ignored).sum(axis=1)


@compiled
def ignored_objects(objects: Ints, areas: Floats, uncounted: Flags, area_ranges: Floats) -> Flags:
    """(ranges, m) whether an object does not count in an area range."""
    ignored = np.empty((len(area_ranges), len(objects)), np.bool_)
    for a in range(len(area_ranges)):
        for j in range(len(objects)):
            area = areas[objects[j]]
            ignored[a, j] = uncounted[objects[j]] or area < area_ranges[a, 0] or area > area_ranges[a, 1]
    return ignored
