"""Mean average precision and recall as COCO defines them: IoU thresholds, areas, limits, crowds.

    numbers = coco_numbers(evaluate_boxes(ground_truth, detections))

Memory: a byte per detection and threshold, 8 bytes per entry of the result, and for each thread 8 bytes per object,
threshold, area range and limit of its class.

Two things differ from pycocotools on purpose: what is not defined is NaN instead of -1, and an annotation with id 0
counts like any other (pycocotools takes it for unmatched).
Source: Lin et al.: Microsoft COCO, ECCV 2014; https://cocodataset.org/#detection-eval.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from experiments.detect.core.accumulating import accumulate, interpolate, out_of_range, outcomes_of
from experiments.detect.core.average_precision import RECALL_POINTS
from experiments.detect.core.ground_truth import Detections, Floats, GroundTruth, Ints
from experiments.detect.core.matching import DROPPED, Codes, match_class
from experiments.detect.core.sorting import dense_ids, order_by_falling_score, order_by_key

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
        return self._precision(iou, area, max_dets).mean(axis=(0, 1))

    def average_recall(self, iou: float | None = None, area: str = "all", max_dets: int = 100) -> Floats:
        """AR (K,) per class: the largest recall, over the thresholds."""
        return self._recall(iou, area, max_dets).mean(axis=0)

    def mean_precision(self, iou: float | None = None, area: str = "all", max_dets: int = 100) -> float:
        """Over thresholds, recall points and the classes that have objects, summed in pycocotools' order."""
        return mean_of_known(self._precision(iou, area, max_dets))

    def mean_recall(self, iou: float | None = None, area: str = "all", max_dets: int = 100) -> float:
        """Largest recall over thresholds and the classes that have objects."""
        return mean_of_known(self._recall(iou, area, max_dets))

    def _precision(self, iou: float | None, area: str, max_dets: int) -> Floats:
        """(T, R, K)"""
        return self.precision[self._thresholds(iou), :, :, self._area(area), self.rules.max_dets.index(max_dets)]

    def _recall(self, iou: float | None, area: str, max_dets: int) -> Floats:
        """(T, K)"""
        return self.recall[self._thresholds(iou), :, self._area(area), self.rules.max_dets.index(max_dets)]

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


def coco_numbers(evaluation: Evaluation) -> dict[str, float]:
    """COCO's twelve numbers under COCO's names, to pycocotools' last bit; NaN where no class has objects.

    Means are over the classes that have objects.
    """
    precision, recall = evaluation.mean_precision, evaluation.mean_recall
    return {
        "AP": precision(),
        "AP50": precision(0.5),
        "AP75": precision(0.75),
        "APs": precision(area="small"),
        "APm": precision(area="medium"),
        "APl": precision(area="large"),
        "AR1": recall(max_dets=1),
        "AR10": recall(max_dets=10),
        "AR100": recall(max_dets=100),
        "ARs": recall(area="small"),
        "ARm": recall(area="medium"),
        "ARl": recall(area="large"),
    }


def mean_of_known(values: Floats) -> float:
    """Mean of the entries (...) that are known; NaN if none is.

    >>> mean_of_known(np.array([[0.5, np.nan], [1.0, np.nan]]))
    0.75
    """
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def evaluate_boxes(
    ground_truth: GroundTruth, detections: Detections, rules: Rules | None = None, *, threads: int | None = None
) -> Evaluation:
    """Match detections to objects class by class and accumulate precision over recall.

    ``threads`` share the classes, all usable cores by default; they change no number.

    Raises:
        ValueError: a detection of a class that the ground truth does not know.
    """
    rules = rules or Rules()
    if len(detections.classes) and detections.classes.max() >= ground_truth.n_classes:
        raise ValueError(f"expected classes below {ground_truth.n_classes}, got {detections.classes.max()}")
    sets = _Sorted.of(ground_truth, detections)
    sizes = len(rules.iou), len(RECALL_POINTS), ground_truth.n_classes, len(rules.area_ranges)
    evaluation = Evaluation(
        rules=rules,
        precision=np.full((*sizes, len(rules.max_dets)), np.nan),
        recall=np.full((sizes[0], *sizes[2:], len(rules.max_dets)), np.nan),
        positives=np.zeros(sizes[2:], np.int64),
        outcomes=np.full((len(detections.scores), sizes[0]), DROPPED, np.uint8).T,
    )
    with ThreadPoolExecutor(threads or len(os.sched_getaffinity(0))) as pool:
        for _ in pool.map(lambda k: sets.evaluate(k, evaluation), range(ground_truth.n_classes)):
            pass
    return evaluation


@dataclass(frozen=True, kw_only=True)
class _Sorted:
    """Objects and detections by class and image, with the places where each group begins."""

    ground_truth: GroundTruth
    detections: Detections
    n_images: int
    by_group: Ints
    """(n,) detections by class, image and falling score; those of equal score as they were given."""
    by_score: Ints
    """(n,) detections by class and falling score; those of equal score by image, then as they were given."""
    starts: Ints
    """(classes x images + 1,) where each group begins among the detections."""
    objects: Ints
    """(m,) objects by class and image."""
    object_starts: Ints
    places: Ints
    """(n,) where a detection stands in ``by_group``."""

    @classmethod
    def of(cls, ground_truth: GroundTruth, detections: Detections) -> _Sorted:
        images, object_images, n = dense_ids(detections.images, ground_truth.images)
        n, classes = max(n, 1), ground_truth.n_classes
        by_image, _ = order_by_key(images, n, np.arange(len(images)))
        falling = order_by_falling_score(detections.scores, by_image)
        by_group, starts = order_by_key(detections.classes * n + images, classes * n, falling)
        places = np.empty(len(images), np.int64)
        places[by_group] = np.arange(len(images))
        object_keys = ground_truth.classes * n + object_images
        objects, object_starts = order_by_key(object_keys, classes * n, np.arange(len(object_keys)))
        return cls(
            ground_truth=ground_truth,
            detections=detections,
            n_images=n,
            by_group=by_group,
            by_score=order_by_key(detections.classes, classes, falling)[0],
            starts=starts,
            objects=objects,
            object_starts=object_starts,
            places=places,
        )

    def evaluate(self, k: int, evaluation: Evaluation) -> None:
        """Fill what ``evaluation`` says of class k."""
        rules, truth = evaluation.rules, self.ground_truth
        groups = slice(k * self.n_images, (k + 1) * self.n_images + 1)
        starts, object_starts = self.starts[groups], self.object_starts[groups]
        members, objects = self.by_group[starts[0] : starts[-1]], self.objects[object_starts[0] : object_starts[-1]]
        boxes = self.detections.boxes_xywh[members]
        area_ranges = np.array(list(rules.area_ranges.values()), dtype=np.float64).reshape(-1, 2)
        contenders, codes, counted = match_class(
            boxes,
            starts - starts[0],
            truth.boxes_xywh[objects],
            object_starts - object_starts[0],
            truth.areas[objects],
            truth.crowd[objects],
            truth.uncounted[objects],
            area_ranges,
            np.array(rules.iou, dtype=np.float64),
        )
        ranks = np.arange(len(members)) - np.repeat(starts[:-1] - starts[0], np.diff(starts))
        order, outside = (
            self.places[self.by_score[starts[0] : starts[-1]]] - starts[0],
            out_of_range(boxes, area_ranges),
        )
        limits = np.array(rules.max_dets)
        outcomes_of(members, ranks, contenders, codes, outside, limits.max(), evaluation.outcomes.T)
        curves = accumulate(order, ranks, contenders, codes, outside, limits, counted)
        interpolate(*curves, counted, RECALL_POINTS, evaluation.precision[:, :, k], evaluation.recall[:, k])
        evaluation.positives[k] = counted
