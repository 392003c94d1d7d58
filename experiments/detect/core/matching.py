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
def overlap(boxes: Floats, others: Floats, crowd: Flags, overlaps: Floats) -> None:
    """Fill ``overlaps`` (n, m) with the IoU of boxes (n, 4) and others (m, 4), given as x, y, width, height.

    With a crowd it is the share of the box inside. The operations and their order are COCO's, to the last bit.
    """
    for i in range(len(boxes)):
        for j in range(len(others)):
            overlaps[i, j] = 0.0
            right = min(boxes[i, 0] + boxes[i, 2], others[j, 0] + others[j, 2])
            bottom = min(boxes[i, 1] + boxes[i, 3], others[j, 1] + others[j, 3])
            width, height = right - max(boxes[i, 0], others[j, 0]), bottom - max(boxes[i, 1], others[j, 1])
            if width <= 0 or height <= 0:
                continue
            shared, own = width * height, boxes[i, 2] * boxes[i, 3]
            union = own if crowd[j] else own + others[j, 2] * others[j, 3] - shared
            overlaps[i, j] = shared / union


@compiled
def match_image(
    overlaps: Floats, crowd: Flags, ignored: Flags, contends: Flags, threshold: float, taken: Flags, codes: Codes
) -> None:
    """Codes (n,) of one image's contenders at one threshold.

    Args:
        overlaps: (n, m), detections by falling score.
        ignored: objects (m,) that do not count.
        contends: (n,) whether a detection overlaps any object enough.
        taken: scratch (m,).
    """
    taken[:] = False
    for i in range(len(codes)):
        if not contends[i]:
            continue
        best, found = min(threshold, HIGHEST_THRESHOLD), -1
        for late in (False, True):  # objects that count first
            for j in range(len(taken)):
                free = crowd[j] or not taken[j]
                if ignored[j] == late and free and overlaps[i, j] >= best:
                    best, found = overlaps[i, j], j
            if found >= 0:
                break
        if found < 0:
            codes[i] = WRONG
        else:
            taken[found] = True
            codes[i] = IGNORED if ignored[found] else RIGHT


@compiled
def match_class(
    boxes: Floats,
    starts: Ints,
    objects: Floats,
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
        boxes: (n, 4) x, y, width, height, by group and falling score; group g is starts[g] .. starts[g + 1] - 1.
        objects: (m, 4), by group, with ``object_starts`` in the same way.
        areas: (m,) of the objects, as annotated.
        crowd, uncounted: (m,) regions of many objects, and all objects that never count (crowds among them).
        area_ranges: (ranges, 2), both ends included.
    """
    counted = count_objects(areas, uncounted, area_ranges)
    lowest = min(thresholds.min(), HIGHEST_THRESHOLD)
    places, n = np.full(len(boxes), -1, np.int64), 0
    for group in range(len(starts) - 1):
        if object_starts[group] < object_starts[group + 1]:
            n += starts[group + 1] - starts[group]
    codes, n = np.empty((n, len(area_ranges), len(thresholds)), np.uint8), 0
    widest = np.diff(object_starts).max()
    overlaps_of_group = np.empty((np.diff(starts).max(), widest))
    contends_of_group, outcome_of_group = np.empty(len(overlaps_of_group), np.bool_), np.empty(len(codes), np.uint8)
    ignored_of_group, taken_of_group = np.empty(widest, np.bool_), np.empty(widest, np.bool_)
    for group in range(len(starts) - 1):
        first, last = starts[group], starts[group + 1]
        begin, end = object_starts[group], object_starts[group + 1]
        if first == last or begin == end:
            continue
        overlaps = overlaps_of_group[: last - first, : end - begin]
        overlap(boxes[first:last], objects[begin:end], crowd[begin:end], overlaps)
        contends, contenders = contends_of_group[: last - first], n
        for i in range(last - first):
            contends[i] = overlaps[i].max() >= lowest
            if contends[i]:
                places[first + i] = n
                n += 1
        if n == contenders:
            continue
        outcome, ignored = outcome_of_group[: last - first], ignored_of_group[: end - begin]
        taken = taken_of_group[: end - begin]
        for a in range(len(area_ranges)):
            for j in range(begin, end):
                ignored[j - begin] = is_ignored(areas[j], uncounted[j], area_ranges[a])
            for t in range(len(thresholds)):
                match_image(overlaps, crowd[begin:end], ignored, contends, thresholds[t], taken, outcome)
                for i in range(last - first):
                    if contends[i]:
                        codes[places[first + i], a, t] = outcome[i]
    return places, codes[:n], counted


@compiled
def count_objects(areas: Floats, uncounted: Flags, area_ranges: Floats) -> Ints:
    """(ranges,) objects that count in each area range."""
    counted = np.zeros(len(area_ranges), np.int64)
    for j in range(len(areas)):
        for a in range(len(area_ranges)):
            counted[a] += not is_ignored(areas[j], uncounted[j], area_ranges[a])
    return counted


@compiled
def is_ignored(area: float, uncounted: bool, area_range: Floats) -> bool:
    """Whether an object does not count in an area range."""
    return uncounted or area < area_range[0] or area > area_range[1]
