"""Mean average precision and recall as COCO defines them: IoU thresholds, areas, limits, crowds.

    numbers = coco_numbers(evaluate_detections(ground_truth, detections))

Memory: 8 bytes per entry of the result, about 60 per detection, and for each thread 8 bytes per object, threshold, area
range and limit of its class.

Two things differ from pycocotools on purpose: what is not defined is NaN instead of -1, and an annotation with id 0
counts like any other (pycocotools takes it for unmatched).
Source: Lin et al.: Microsoft COCO, ECCV 2014; https://cocodataset.org/#detection-eval.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from experiments.detect.core.accumulating import accumulate, interpolate, outcomes_of
from experiments.detect.core.average_precision import RECALL_POINTS
from experiments.detect.core.ground_truth import Detections, Floats, GroundTruth, Ints
from experiments.detect.core.matches import Matches, Sets
from experiments.detect.core.matching import DROPPED, Codes
from experiments.detect.core.rules import Rules
from experiments.detect.core.sorting import order_by_falling_score
from experiments.foundation.cores import usable_cores


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What came out. Axes: T thresholds, R recall points, K classes, A areas, M limits."""

    rules: Rules
    precision: Floats
    """(T, R, K, A, M) interpolated precision; NaN for a class without objects."""
    recall: Floats
    """(T, K, A, M) largest recall; NaN for a class without objects."""
    positives: Ints
    """(K, A) objects that count."""
    matches: tuple[Matches, ...]
    """(K,)"""

    @cached_property
    def outcomes(self) -> Codes:
        """(T, n) of each detection, in the order given, over the first area range: wrong 0, right 1, ignored 2, dropped
        3."""
        n = sum(len(of_class.members) for of_class in self.matches)
        found = np.full((n, len(self.rules.iou)), DROPPED, np.uint8)
        for of in self.matches:
            outcomes_of(of.members, of.ranks, of.places, of.codes, of.outside, max(self.rules.max_dets), found)
        return found.T

    def average_precision(self, iou: float | None = None, area: str = "all", max_dets: int | None = None) -> Floats:
        """AP (K,) per class at one threshold, or over all of them; NaN without objects."""
        return self._precision(iou, area, max_dets).mean(axis=(0, 1))

    def average_recall(self, iou: float | None = None, area: str = "all", max_dets: int | None = None) -> Floats:
        """AR (K,) per class: the largest recall, over the thresholds."""
        return self._recall(iou, area, max_dets).mean(axis=0)

    def mean_precision(self, iou: float | None = None, area: str = "all", max_dets: int | None = None) -> float:
        """Over thresholds, recall points and the classes that have objects, summed in pycocotools' order."""
        return mean_of_known(self._precision(iou, area, max_dets))

    def mean_recall(self, iou: float | None = None, area: str = "all", max_dets: int | None = None) -> float:
        """Largest recall over thresholds and the classes that have objects."""
        return mean_of_known(self._recall(iou, area, max_dets))

    def _precision(self, iou: float | None, area: str, max_dets: int | None) -> Floats:
        """(T, R, K)"""
        return self.precision[self._thresholds(iou), :, :, self._area(area), self._limit(max_dets)]

    def _recall(self, iou: float | None, area: str, max_dets: int | None) -> Floats:
        """(T, K)"""
        return self.recall[self._thresholds(iou), :, self._area(area), self._limit(max_dets)]

    def threshold(self, iou: float) -> int:
        """Where a threshold stands among those of the rules."""
        nearest = int(np.argmin(np.abs(np.subtract(self.rules.iou, iou))))
        if abs(self.rules.iou[nearest] - iou) > 1e-9:
            raise ValueError(f"expected one of the IoU thresholds {self.rules.iou}, got {iou}")
        return nearest

    def _thresholds(self, iou: float | None) -> slice:
        return slice(None) if iou is None else slice(self.threshold(iou), self.threshold(iou) + 1)

    def _area(self, name: str) -> int:
        return list(self.rules.area_ranges).index(name)

    def _limit(self, max_dets: int | None) -> int:
        """The largest by default."""
        return -1 if max_dets is None else self.rules.max_dets.index(max_dets)


def coco_numbers(evaluation: Evaluation) -> dict[str, float]:
    """COCO's numbers under COCO's names, to pycocotools' last bit: twelve, or ten of keypoints.

    Means are over the classes that have objects; NaN where none has.
    """
    precision, recall, rules = evaluation.mean_precision, evaluation.mean_recall, evaluation.rules
    sizes = [name for name in ("small", "medium", "large") if name in rules.area_ranges]
    found = {"AP": precision(), "AP50": precision(0.5), "AP75": precision(0.75)}
    found |= {f"AP{size[0]}": precision(area=size) for size in sizes}
    if rules.iou_type == "keypoints":
        found |= {"AR": recall(), "AR50": recall(0.5), "AR75": recall(0.75)}
    else:
        found |= {f"AR{limit}": recall(max_dets=limit) for limit in rules.max_dets}
    return found | {f"AR{size[0]}": recall(area=size) for size in sizes}


def mean_of_known(values: Floats) -> float:
    """Mean of the entries (...) that are known; NaN if none is.

    >>> mean_of_known(np.array([[0.5, np.nan], [1.0, np.nan]]))
    0.75
    """
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def evaluate_detections(
    ground_truth: GroundTruth, detections: Detections, rules: Rules | None = None, *, threads: int | None = None
) -> Evaluation:
    """Match detections to objects class by class and accumulate precision over recall.

    ``threads`` share the classes, all usable cores by default; they change no number.

    Raises:
        ValueError: a detection of a class that the ground truth does not know, masks or keypoints that are missing.
    """
    sets = Sets.of(ground_truth, detections, rules or Rules())
    with ThreadPoolExecutor(threads or usable_cores()) as pool:
        matches = tuple(pool.map(sets.match, range(ground_truth.n_classes)))
        return evaluate_matches(matches, sets.rules, pool)


def evaluate_matches(matches: Sequence[Matches], rules: Rules, pool: ThreadPoolExecutor) -> Evaluation:
    """Accumulate precision over recall, class by class."""
    sizes = len(rules.iou), len(RECALL_POINTS), len(matches), len(rules.area_ranges)
    evaluation = Evaluation(
        rules=rules,
        precision=np.full((*sizes, len(rules.max_dets)), np.nan),
        recall=np.full((sizes[0], *sizes[2:], len(rules.max_dets)), np.nan),
        positives=np.array([of_class.counted for of_class in matches], np.int64).reshape(sizes[2:]),
        matches=tuple(matches),
    )
    limits = np.array(rules.max_dets)

    def fill(k: int) -> None:
        of, n = matches[k], len(matches[k].members)
        order = order_by_falling_score(of.scores, np.arange(n))
        curves = accumulate(order, np.ones(n, np.int64), of.ranks, of.places, of.codes, of.outside, limits, of.counted)
        interpolate(*curves, of.counted, RECALL_POINTS, evaluation.precision[:, :, k], evaluation.recall[:, k])

    for _ in pool.map(fill, range(len(matches))):
        pass
    return evaluation
