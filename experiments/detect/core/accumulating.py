"""Compiled loops of COCO's evaluation: from the outcomes of a class to precision over recall, in one pass by score.

Between two right detections precision only falls, so a curve is known by its precision at those; the interpolated one
is the largest from there on.
Source: Lin et al.: Microsoft COCO, ECCV 2014; the numbers are those of pycocotools' cocoeval, to the last bit.
"""

from __future__ import annotations

import numpy as np

from experiments.detect.core.compiled import compiled
from experiments.detect.core.ground_truth import Flags, Floats, Ints
from experiments.detect.core.matching import DROPPED, IGNORED, RIGHT, WRONG, Codes

EPSILON = float(np.spacing(1))
"""What pycocotools adds to the number of detections: its first precision is a little below 1."""


@compiled
def out_of_range(areas: Floats, members: Ints, area_ranges: Floats) -> Flags:
    """(n, ranges) whether a detection's own area is outside: then it is not wrong where it finds nothing."""
    outside = np.empty((len(members), len(area_ranges)), np.bool_)
    for i in range(len(members)):
        own = areas[members[i]]
        for a in range(len(area_ranges)):
            outside[i, a] = (own < area_ranges[a, 0]) | (own > area_ranges[a, 1])
    return outside


@compiled
def accumulate(
    order: Ints, copies: Ints, ranks: Ints, places: Ints, codes: Codes, outside: Flags, max_dets: Ints, counted: Ints
) -> tuple[Floats, Ints]:
    """Precision (ranges, thresholds, limits, most) at every right detection, and how many there are of those.

    Args:
        order: (n,) detections by falling score.
        copies: (n,) how often each is there, with its image and the objects on it: once, but in a bootstrap.
        ranks: (n,) rank within the image; only those below a limit of ``max_dets`` (limits,) take part in it.
        places, codes: of the contenders, as ``match_class`` gives them.
        outside: (n, ranges) as ``out_of_range`` gives them.
        counted: (ranges,) objects that count.
    """
    sizes = (codes.shape[1], codes.shape[2], len(max_dets))
    precision = np.empty((codes.shape[1], codes.shape[2], len(max_dets), counted.max()))
    right, wrong = np.zeros(sizes, np.int64), np.zeros(sizes, np.int64)
    wrong_everywhere = np.zeros((sizes[0], sizes[2]), np.int64)  # of those that contend for nothing
    for i in order:
        for a in range(sizes[0]):
            if places[i] < 0:
                for m in range(sizes[2]):
                    wrong_everywhere[a, m] += copies[i] * (ranks[i] < max_dets[m] and not outside[i, a])
                continue
            for t in range(sizes[1]):
                code = codes[places[i], a, t]
                for m in range(sizes[2]):
                    if ranks[i] >= max_dets[m] or code == IGNORED:
                        continue
                    if code == RIGHT:
                        all_wrong = wrong[a, t, m] + wrong_everywhere[a, m]
                        for _ in range(copies[i]):
                            right[a, t, m] += 1
                            found = right[a, t, m]
                            precision[a, t, m, found - 1] = found / (all_wrong + found + EPSILON)
                    elif not outside[i, a]:
                        wrong[a, t, m] += copies[i]
    return precision, right


@compiled
def interpolate(
    precision: Floats, right: Ints, counted: Ints, recall_points: Floats, interpolated: Floats, recall: Floats
) -> None:
    """Fill ``interpolated`` (thresholds, points, ranges, limits) and ``recall`` (thresholds, ranges, limits)."""
    for a in np.flatnonzero(counted):
        for t in range(precision.shape[1]):
            for m in range(precision.shape[2]):
                n, curve = right[a, t, m], precision[a, t, m]
                recall[t, a, m] = n / counted[a]
                for i in range(n - 2, -1, -1):
                    curve[i] = max(curve[i], curve[i + 1])
                i = 0
                for r in range(len(recall_points)):
                    while i < n and (i + 1) / counted[a] < recall_points[r]:
                        i += 1
                    interpolated[t, r, a, m] = curve[i] if i < n else 0.0


@compiled
def outcomes_of(members: Ints, ranks: Ints, places: Ints, codes: Codes, outside: Flags, limit: int, out: Codes) -> None:
    """Fill ``out`` (all, thresholds) for the detections ``members`` (n,) of a class, over the first area range."""
    for i in range(len(members)):
        for t in range(out.shape[1]):
            code = codes[places[i], 0, t] if places[i] >= 0 else WRONG
            code = IGNORED if code == WRONG and outside[i, 0] else code
            out[members[i], t] = code if ranks[i] < limit else DROPPED
