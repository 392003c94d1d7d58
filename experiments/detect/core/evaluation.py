"""Mean average precision and recall as COCO defines them: IoU thresholds, areas, limits, crowds.

Boxes are x, y, width, height in pixels, not rounded, as in COCO's files; converted to corners they would round
differently and equal overlaps could fall on the other side of a threshold. Memory: one byte per detection, threshold
and area range of the largest class, and 8 bytes per entry of the result.

Two things differ from pycocotools on purpose: what is not defined is NaN instead of -1, and an annotation with id 0
counts like any other (pycocotools takes it for unmatched).
Source: Lin et al.: Microsoft COCO, ECCV 2014; https://cocodataset.org/#detection-eval.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from experiments.detect.core.average_precision import RECALL_POINTS
from experiments.detect.core.matching import DROPPED, Codes, Flags, Floats, Ints, match_class, summarize_curve

LARGEST_AREA = 1e10


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The n objects that there are to find."""

    images: Ints
    """(n,) image of each object; any integers."""
    classes: Ints
    """(n,) class in 0 .. n_classes - 1."""
    boxes_xywh: Floats
    """(n, 4)."""
    areas: Floats
    """(n,) areas as annotated, those of the masks in COCO's files."""
    crowd: Flags
    """(n,) regions of many objects: finding them, wholly or in part, is neither right nor wrong."""
    n_classes: int
    exempt: Flags | None = None
    """(n,) single objects that do not count either, such as VOC's difficult ones; none by default."""

    def __post_init__(self) -> None:
        _check(self.images, self.classes, self.boxes_xywh, self.n_classes)


@dataclass(frozen=True, kw_only=True)
class Detected:
    """The n boxes that a detector gave."""

    images: Ints
    classes: Ints
    boxes_xywh: Floats
    scores: Floats

    def __post_init__(self) -> None:
        _check(self.images, self.classes, self.boxes_xywh, None)
        if self.scores.shape != self.images.shape or np.isnan(self.scores).any():
            raise ValueError(f"expected {len(self.images)} scores without nan, got shape {self.scores.shape}")


@dataclass(frozen=True, kw_only=True)
class Rules:
    """At which thresholds, areas and limits to evaluate; by default COCO's."""

    iou_thresholds: tuple[float, ...] = tuple(np.linspace(0.5, 0.95, 10).tolist())
    area_ranges: dict[str, tuple[float, float]] = field(
        default_factory=lambda: {
            "all": (0.0, LARGEST_AREA),
            "small": (0.0, 32.0**2),
            "medium": (32.0**2, 96.0**2),
            "large": (96.0**2, LARGEST_AREA),
        }
    )
    """Name -> smallest and largest area in square pixels, both included."""
    max_detections: tuple[int, ...] = (1, 10, 100)
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

    def average_precision(self, iou: float | None = None, area: str = "all", most: int = 100) -> Floats:
        """AP (K,) per class at one threshold, or over all of them; NaN without objects."""
        chosen = self.precision[self._thresholds(iou), :, :, self._area(area), self.rules.max_detections.index(most)]
        return chosen.mean(axis=(0, 1))

    def average_recall(self, iou: float | None = None, area: str = "all", most: int = 100) -> Floats:
        """AR (K,) per class: the largest recall, over the thresholds."""
        chosen = self.recall[self._thresholds(iou), :, self._area(area), self.rules.max_detections.index(most)]
        return chosen.mean(axis=0)

    def _thresholds(self, iou: float | None) -> slice:
        if iou is None:
            return slice(None)
        nearest = int(np.argmin(np.abs(np.subtract(self.rules.iou_thresholds, iou))))
        if abs(self.rules.iou_thresholds[nearest] - iou) > 1e-9:
            raise ValueError(f"expected one of the IoU thresholds {self.rules.iou_thresholds}, got {iou}")
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
        "AR1": mean_over_classes(ar(most=1)),
        "AR10": mean_over_classes(ar(most=10)),
        "AR100": mean_over_classes(ar(most=100)),
        "ARs": mean_over_classes(ar(area="small")),
        "ARm": mean_over_classes(ar(area="medium")),
        "ARl": mean_over_classes(ar(area="large")),
    }


def mean_over_classes(values: Floats) -> float:
    """Mean of the entries (...) that are known; NaN if none is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def evaluate_boxes(truth: Truth, detected: Detected, rules: Rules | None = None) -> Evaluation:
    """Match detections to objects class by class and accumulate precision over recall.

    Raises:
        ValueError: a detection of a class that the truth does not know.
    """
    rules = rules or Rules()
    if len(detected.classes) and detected.classes.max() >= truth.n_classes:
        raise ValueError(f"expected classes below {truth.n_classes}, got {detected.classes.max()}")
    sets = _Sorted(truth, detected, max(rules.max_detections))
    sizes = len(rules.iou_thresholds), len(RECALL_POINTS), truth.n_classes, len(rules.area_ranges)
    precision = np.full((*sizes, len(rules.max_detections)), np.nan)
    recall = np.full((sizes[0], *sizes[2:], len(rules.max_detections)), np.nan)
    positives = np.zeros(sizes[2:], np.int64)
    outcomes = np.full((sizes[0], len(detected.scores)), DROPPED, np.uint8)
    for k in range(truth.n_classes):
        codes, positives[k] = sets.match(k, rules)
        of_class = sets.detections_of(k)
        outcomes[:, sets.order[of_class]] = codes[0]
        _accumulate(codes, sets, of_class, positives[k], rules, precision[:, :, k], recall[:, k])
    return Evaluation(rules=rules, precision=precision, recall=recall, positives=positives, outcomes=outcomes)


class _Sorted:
    """Objects and detections by (class, image), detections of a group by falling score and cut at the limit."""

    def __init__(self, truth: Truth, detected: Detected, most: int) -> None:
        images = np.unique(np.concatenate([truth.images, detected.images]))
        n = max(len(images), 1)
        keys = detected.classes * n + np.searchsorted(images, detected.images)
        order = np.lexsort((-detected.scores, keys))  # stable, so equal scores stay in the order given
        ranks = np.arange(len(order)) - np.searchsorted(keys[order], keys[order])
        kept = ranks < most
        self.order, self.ranks = order[kept], ranks[kept]
        self.boxes, self.scores = detected.boxes_xywh[self.order], detected.scores[self.order]
        object_keys = truth.classes * n + np.searchsorted(images, truth.images)
        object_order = np.argsort(object_keys, kind="stable")
        self.objects, self.areas = truth.boxes_xywh[object_order], truth.areas[object_order]
        self.crowd = truth.crowd[object_order]
        exempt = np.zeros(len(self.crowd), np.bool_) if truth.exempt is None else truth.exempt[object_order]
        self.uncounted = self.crowd | exempt
        groups = np.unique(np.concatenate([keys[self.order], object_keys]))
        ends = np.append(groups, truth.n_classes * n)
        self.starts = np.searchsorted(keys[self.order], ends)
        self.object_starts = np.searchsorted(object_keys[object_order], ends)
        self.group_starts = np.searchsorted(groups, np.arange(truth.n_classes + 1) * n)

    def detections_of(self, k: int) -> slice:
        """Where the detections of class k lie."""
        first, last = self.group_starts[k], self.group_starts[k + 1]
        return slice(int(self.starts[first]), int(self.starts[last]))

    def match(self, k: int, rules: Rules) -> tuple[Codes, Ints]:
        """Outcomes (A, T, n of class k) and objects that count (A,)."""
        groups = slice(self.group_starts[k], self.group_starts[k + 1] + 1)
        first, begin = self.starts[groups][0], self.object_starts[groups][0]
        last, end = self.starts[groups][-1], self.object_starts[groups][-1]
        codes = np.empty((len(rules.area_ranges), len(rules.iou_thresholds), last - first), np.uint8)
        counted = match_class(
            self.boxes[first:last],
            self.starts[groups] - first,
            self.objects[begin:end],
            self.object_starts[groups] - begin,
            self.areas[begin:end],
            self.crowd[begin:end],
            self.uncounted[begin:end],
            np.array(list(rules.area_ranges.values()), dtype=np.float64).reshape(-1, 2),
            np.array(rules.iou_thresholds, dtype=np.float64),
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
        for m, most in enumerate(rules.max_detections):
            for t in range(len(rules.iou_thresholds)):
                recall[t, a, m] = summarize_curve(
                    codes[a, t], order, ranks, most, positives[a], RECALL_POINTS, curve, points
                )
                precision[t, :, a, m] = points


def _check(images: Ints, classes: Ints, boxes: Floats, n_classes: NDArray[np.int64] | int | None) -> None:
    if classes.shape != images.shape or boxes.shape != (len(images), 4):
        raise ValueError(f"expected one class and one box per image entry, got {classes.shape} and {boxes.shape}")
    if not np.isfinite(boxes).all() or (boxes[:, 2:] < 0).any():
        raise ValueError("expected finite boxes (x, y, width, height) with sides of at least 0")
    if len(classes) and (classes.min() < 0 or (n_classes is not None and classes.max() >= n_classes)):
        raise ValueError(f"expected classes in 0 .. {n_classes} - 1, got {classes.min()} to {classes.max()}")
