"""Compiled loops of COCO's evaluation: which detection finds which object, and the curve that follows.

One class at a time. Groups are the class's images: detections lie by falling score, objects in the order of their
file. Rules, each of which changes numbers: an object is found once, by the best-scored detection that overlaps it at
least by the threshold; of several free objects the one with the largest overlap, the last one among equals; ordinary
objects before ignored ones; crowds may be matched again and again. A detection on an ignored object, and one without
object whose own area is out of range, is neither right nor wrong.

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
    overlaps: Floats, crowd: Flags, ignored: Flags, order: Ints, threshold: float, taken: Flags, codes: Codes
) -> None:
    """Codes (n,) of one image's detections at one threshold.

    Args:
        overlaps: (n, m), detections by falling score.
        ignored: objects (m,) that do not count.
        order: objects, those that count first.
        taken: scratch (m,).
    """
    taken[:] = False
    for i in range(len(codes)):
        best, found = min(threshold, HIGHEST_THRESHOLD), -1
        for j in order:
            if taken[j] and not crowd[j]:
                continue
            if found >= 0 and not ignored[found] and ignored[j]:
                break
            if overlaps[i, j] >= best:
                best, found = overlaps[i, j], j
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
    codes: Codes,
) -> Ints:
    """Fill ``codes`` (ranges, thresholds, n) and return how many objects count (ranges,).

    Args:
        boxes: (n, 4) x, y, width, height, by group and falling score; group g is starts[g] .. starts[g + 1] - 1.
        objects: (m, 4), by group, with ``object_starts`` in the same way.
        areas: (m,) of the objects, as annotated.
        crowd, uncounted: (m,) regions of many objects, and all objects that never count (crowds among them).
        area_ranges: (ranges, 2), both ends included.
    """
    counted = np.zeros(len(area_ranges), np.int64)
    for group in range(len(starts) - 1):
        first, last = starts[group], starts[group + 1]
        begin, end = object_starts[group], object_starts[group + 1]
        m = end - begin
        overlaps = np.empty((last - first, m))
        overlap(boxes[first:last], objects[begin:end], crowd[begin:end], overlaps)
        ignored, taken, order = np.empty(m, np.bool_), np.empty(m, np.bool_), np.empty(m, np.int64)
        for a in range(len(area_ranges)):
            low, high = area_ranges[a]
            for j in range(m):
                ignored[j] = uncounted[begin + j] or areas[begin + j] < low or areas[begin + j] > high
            count = 0
            for late in (False, True):
                for j in range(m):
                    if ignored[j] == late:
                        order[count] = j
                        count += 1
            counted[a] += m - ignored.sum()
            for t in range(len(thresholds)):
                outcome = codes[a, t, first:last]
                match_image(overlaps, crowd[begin:end], ignored, order, thresholds[t], taken, outcome)
                for i in range(first, last):
                    own = boxes[i, 2] * boxes[i, 3]
                    if codes[a, t, i] == WRONG and (own < low or own > high):
                        codes[a, t, i] = IGNORED
    return counted


@compiled
def summarize_curve(
    codes: Codes,
    order: Ints,
    ranks: Ints,
    max_dets: int,
    positives: int,
    recall_points: Floats,
    curve: Floats,
    precision: Floats,
) -> float:
    """Fill ``precision`` (points,) with the interpolated precision and return the largest recall.

    Args:
        codes: (n,) outcomes.
        order: detections by falling score.
        ranks: (n,) rank within the image; only those below ``max_dets`` take part.
        curve: scratch (2, n).
    """
    n, right, wrong = 0, 0, 0
    for i in order:
        if ranks[i] >= max_dets or codes[i] > RIGHT:
            continue
        if codes[i] == RIGHT:
            right += 1
        else:
            wrong += 1
        curve[0, n], curve[1, n] = right / (right + wrong), right / positives
        n += 1
    for i in range(n - 2, -1, -1):
        curve[0, i] = max(curve[0, i], curve[0, i + 1])
    i = 0
    for r in range(len(recall_points)):
        while i < n and curve[1, i] < recall_points[r]:
            i += 1
        precision[r] = curve[0, i] if i < n else 0.0
    return right / positives
