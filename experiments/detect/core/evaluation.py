"""Mean average precision and recall as COCO defines them: IoU thresholds, areas, limits, crowds.

    numbers = coco_numbers(evaluate_boxes(ground_truth, detections))

Memory: one byte per detection, threshold and area range of the largest class, and 8 bytes per entry of the result.

Two things differ from pycocotools on purpose: what is not defined is NaN instead of -1, and an annotation with id 0
counts like any other (pycocotools takes it for unmatched).
Source: Lin et al.: Microsoft COCO, ECCV 2014; https://cocodataset.org/#detection-eval.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from experiments.detect.core.average_precision import RECALL_POINTS
from experiments.detect.core.ground_truth import Detections, Floats, GroundTruth, Ints
from experiments.detect.core.matching import DROPPED, Codes, match_class, summarize_curve

LARGEST_AREA = 1e10


@dataclass(frozen=True, kw_only=True)
class Rules:
    """At which thresholds, areas and limits to evaluate; by default COCO's."""

    iou: tuple[float, ...] = tuple(np.linspace(0.5, 0.95, 10).tolist())
    """Thresholds at which a detection is a match."""
    area_ranges: dict[str, tuple[float, float]] = field(
        default_factory=lambda: {
            "all": (0.0, LARGEST_AREA),
            "small": (0.0, 32.0**2),
            "medium": (32.0**2, 96.0**2),
            "large": (96.0**2, LARGEST_AREA),
        }
    )
    """Name -> smallest and largest area in square pixels, both included."""
    max_dets: tuple[int, ...] = (1, 10, 100)
    """Detections per image and class that take part, the best-scored ones."""


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
    outcomes: Codes
    """(T, n) of each detection, in the order given, over the first area range: wrong 0, right 1, ignored 2, dropped
    3."""

    def average_precision(self, iou: float | None = None, area: str = "all", max_dets: int = 100) -> Floats:
        """AP (K,) per class at one threshold, or over all of them; NaN without objects."""
        chosen = self.precision[self._thresholds(iou), :, :, self._area(area), self.rules.max_dets.index(max_dets)]
        return chosen.mean(axis=(0, 1))

    def average_recall(self, iou: float | None = None, area: str = "all", max_dets: int = 100) -> Floats:
        """AR (K,) per class: the largest recall, over the thresholds."""
        chosen = self.recall[self._thresholds(iou), :, self._area(area), self.rules.max_dets.index(max_dets)]
        return chosen.mean(axis=0)

    def _thresholds(self, iou: float | None) -> slice:
        if iou is None:
            return slice(None)
        nearest = int(np.argmin(np.abs(np.subtract(self.rules.iou, iou))))
        if abs(self.rules.iou[nearest] - iou) > 1e-9:
            raise ValueError(f"expected one of the IoU thresholds {self.rules.iou}, got {iou}")
        return slice(nearest, nearest + 1)

    def _area(self, name: str) -> int:
        return list(self.rules.area_ranges).index(name)


def coco_numbers(evaluation: Evaluation) -> dict[str, float]:
    """COCO's twelve numbers under COCO's names; means over the classes that have objects, NaN if none has."""
    ap, ar = evaluation.average_precision, evaluation.average_recall
    return {
        "AP": mean_over_classes(ap()),
        "AP50": mean_over_classes(ap(0.5)),
        "AP75": mean_over_classes(ap(0.75)),
        "APs": mean_over_classes(ap(area="small")),
        "APm": mean_over_classes(ap(area="medium")),
        "APl": mean_over_classes(ap(area="large")),
        "AR1": mean_over_classes(ar(max_dets=1)),
        "AR10": mean_over_classes(ar(max_dets=10)),
        "AR100": mean_over_classes(ar(max_dets=100)),
        "ARs": mean_over_classes(ar(area="small")),
        "ARm": mean_over_classes(ar(area="medium")),
        "ARl": mean_over_classes(ar(area="large")),
    }


def mean_over_classes(values: Floats) -> float:
    """Mean of the entries (...) that are known; NaN if none is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def evaluate_boxes(ground_truth: GroundTruth, detections: Detections, rules: Rules | None = None) -> Evaluation:
    """Match detections to objects class by class and accumulate precision over recall.

    Raises:
        ValueError: a detection of a class that the ground truth does not know.
    """
    rules = rules or Rules()
    if len(detections.classes) and detections.classes.max() >= ground_truth.n_classes:
        raise ValueError(f"expected classes below {ground_truth.n_classes}, got {detections.classes.max()}")
    sets = _Sorted(ground_truth, detections, max(rules.max_dets))
    sizes = len(rules.iou), len(RECALL_POINTS), ground_truth.n_classes, len(rules.area_ranges)
    precision = np.full((*sizes, len(rules.max_dets)), np.nan)
    recall = np.full((sizes[0], *sizes[2:], len(rules.max_dets)), np.nan)
    positives = np.zeros(sizes[2:], np.int64)
    outcomes = np.full((sizes[0], len(detections.scores)), DROPPED, np.uint8)
    for k in range(ground_truth.n_classes):
        codes, positives[k] = sets.match(k, rules)
        of_class = sets.detections_of(k)
        outcomes[:, sets.order[of_class]] = codes[0]
        _accumulate(codes, sets, of_class, positives[k], rules, precision[:, :, k], recall[:, k])
    return Evaluation(rules=rules, precision=precision, recall=recall, positives=positives, outcomes=outcomes)


class _Sorted:
    """Objects and detections by (class, image), detections of a group by falling score and cut at the limit."""

    def __init__(self, ground_truth: GroundTruth, detections: Detections, max_dets: int) -> None:
        images = np.unique(np.concatenate([ground_truth.images, detections.images]))
        n = max(len(images), 1)
        keys = detections.classes * n + np.searchsorted(images, detections.images)
        order = np.lexsort((-detections.scores, keys))  # stable, so equal scores stay in the order given
        ranks = np.arange(len(order)) - np.searchsorted(keys[order], keys[order])
        kept = ranks < max_dets
        self.order, self.ranks = order[kept], ranks[kept]
        self.boxes, self.scores = detections.boxes_xywh[self.order], detections.scores[self.order]
        object_keys = ground_truth.classes * n + np.searchsorted(images, ground_truth.images)
        object_order = np.argsort(object_keys, kind="stable")
        self.objects, self.areas = ground_truth.boxes_xywh[object_order], ground_truth.areas[object_order]
        self.crowd = ground_truth.crowd[object_order]
        self.uncounted = ground_truth.uncounted[object_order]
        groups = np.unique(np.concatenate([keys[self.order], object_keys]))
        ends = np.append(groups, ground_truth.n_classes * n)
        self.starts = np.searchsorted(keys[self.order], ends)
        self.object_starts = np.searchsorted(object_keys[object_order], ends)
        self.group_starts = np.searchsorted(groups, np.arange(ground_truth.n_classes + 1) * n)

    def detections_of(self, k: int) -> slice:
        """Where the detections of class k lie."""
        first, last = self.group_starts[k], self.group_starts[k + 1]
        return slice(int(self.starts[first]), int(self.starts[last]))

    def match(self, k: int, rules: Rules) -> tuple[Codes, Ints]:
        """Outcomes (A, T, n of class k) and objects that count (A,)."""
        groups = slice(self.group_starts[k], self.group_starts[k + 1] + 1)
        first, begin = self.starts[groups][0], self.object_starts[groups][0]
        last, end = self.starts[groups][-1], self.object_starts[groups][-1]
        codes = np.empty((len(rules.area_ranges), len(rules.iou), last - first), np.uint8)
        counted = match_class(
            self.boxes[first:last],
            self.starts[groups] - first,
            self.objects[begin:end],
            self.object_starts[groups] - begin,
            self.areas[begin:end],
            self.crowd[begin:end],
            self.uncounted[begin:end],
            np.array(list(rules.area_ranges.values()), dtype=np.float64).reshape(-1, 2),
            np.array(rules.iou, dtype=np.float64),
            codes,
        )
        return codes, counted


def _accumulate(
    codes: Codes, sets: _Sorted, of_class: slice, positives: Ints, rules: Rules, precision: Floats, recall: Floats
) -> None:
    """Fill precision (T, R, A, M) and recall (T, A, M) of one class."""
    order = np.argsort(-sets.scores[of_class], kind="stable")
    ranks, curve = sets.ranks[of_class], np.empty((2, len(order)))
    points = np.empty(len(RECALL_POINTS))
    for a in np.flatnonzero(positives):
        for m, max_dets in enumerate(rules.max_dets):
            for t in range(len(rules.iou)):
                recall[t, a, m] = summarize_curve(
                    codes[a, t], order, ranks, max_dets, positives[a], RECALL_POINTS, curve, points
                )
                precision[t, :, a, m] = points
