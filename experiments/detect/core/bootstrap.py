"""Which of two detectors is better on the same images: a paired bootstrap over images.

Images are drawn with replacement, as many as there are; both detectors are evaluated on the same draw, by COCO's rules,
as if an image drawn twice were two images. Matching is by image, so nothing is matched again: only precision and recall
are accumulated anew.
Source: Efron, Tibshirani: An Introduction to the Bootstrap, 1993, section 13.3 (the percentile interval).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from experiments.detect.core.accumulating import accumulate, interpolate
from experiments.detect.core.average_precision import RECALL_POINTS
from experiments.detect.core.compiled import compiled
from experiments.detect.core.evaluation import Evaluation
from experiments.detect.core.ground_truth import Flags, Floats, GroundTruth, Ints
from experiments.detect.core.matching import Codes
from experiments.detect.core.sorting import order_by_falling_score
from experiments.foundation.cores import usable_cores


def resampled_precisions(
    ground_truth: GroundTruth, evaluations: Sequence[Evaluation], images: Ints, resamples: int, rng: np.random.Generator
) -> list[Floats]:
    """Mean AP (resamples, T) over the classes with objects, per evaluation; all have the same draws of ``images``.

    Args:
        evaluations: of the same objects, each with its detections, by the same rules.
        images: (n,) all images by rising id, those without objects and detections among them.
    """
    draws = rng.multinomial(len(images), np.full(len(images), 1 / len(images)), size=resamples)
    low, high = evaluations[0].rules.bounds[0]
    counts = ~ground_truth.uncounted & (ground_truth.areas >= low) & (ground_truth.areas <= high)
    places = np.searchsorted(images, ground_truth.images)

    def of_class(evaluation: Evaluation, k: int) -> Floats:
        of, limit = evaluation.matches[k], np.array([max(evaluation.rules.max_dets)])
        objects = draws[:, places[counts & (ground_truth.classes == k)]].sum(axis=1)
        order = order_by_falling_score(of.scores, np.arange(len(of.scores)))
        found = np.searchsorted(images, of.images)
        return _resampled(draws, found, objects, order, of.ranks, of.places, of.codes[:, :1], of.outside[:, :1], limit)

    with ThreadPoolExecutor(usable_cores()) as pool:
        return [
            np.nanmean(list(pool.map(lambda k, one=one: of_class(one, k), range(len(one.matches)))), axis=0)
            for one in evaluations
        ]


@compiled
def _resampled(
    draws: Ints,
    images: Ints,
    objects: Ints,
    order: Ints,
    ranks: Ints,
    places: Ints,
    codes: Codes,
    outside: Flags,
    limit: Ints,
) -> Floats:
    """AP (resamples, thresholds) of one class; NaN where a draw has none of its ``objects`` (resamples,)."""
    found = np.full((len(draws), codes.shape[2]), np.nan)
    interpolated, recall = np.empty((codes.shape[2], len(RECALL_POINTS), 1, 1)), np.empty((codes.shape[2], 1, 1))
    for r in np.flatnonzero(objects):
        counted = objects[r : r + 1]
        curves = accumulate(order, draws[r][images], ranks, places, codes, outside, limit, counted)
        interpolate(curves[0], curves[1], counted, RECALL_POINTS, interpolated, recall)
        for t in range(codes.shape[2]):
            found[r, t] = interpolated[t].mean()
    return found
