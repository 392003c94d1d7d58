"""Laws of overlap and average precision, each tried on random instances beside something that must break it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from experiments.detect.annotations import Scene
from experiments.detect.core.average_precision import average_precision, precision_score, recall_score
from experiments.detect.core.ground_truth import Flags, Floats
from experiments.detect.core.shapes.boxes import Boxes, iou
from experiments.detect.map.setup import Scenes
from experiments.foundation.statements.trials import TrialRow, instances
from experiments.lab.experiment import Part, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Theorem


def run(scenes: Scenes) -> Iterator[TrialRow]:
    for instance in scenes.instances:
        yield from mean_trials(instance.scene)
        for truth, predicted in instance.labels:
            yield score_trial(truth, predicted)
        yield order_trial(instance.scores, instance.correct)
        yield overlap_trial(*instance.boxes, instance.scale)


def mean_trials(scene: Scene) -> Iterator[TrialRow]:
    """AP is a mean over the classes with objects and over ten thresholds.

    The controls count a class without objects as 0, and leave the first threshold out.
    """
    from experiments.detect.core.evaluation import coco_numbers, evaluate_detections, mean_of_known

    evaluation = evaluate_detections(scene.ground_truth, scene.detections)
    numbers, per_class = coco_numbers(evaluation), evaluation.average_precision()
    known = per_class[evaluation.positives[:, 0] > 0]
    expected = sum(map(float, known)) / len(known) if len(known) else math.nan
    yield TrialRow(
        statement="classes",
        case="mean over classes with objects",
        error=abs(numbers["AP"] - expected),
        control_error=abs(numbers["AP"] - float(np.nan_to_num(per_class).mean())),
        counterexample=f"{len(per_class) - len(known)} of {len(per_class)} classes have no object",
    )
    each = [mean_of_known(evaluation.average_precision(threshold)) for threshold in evaluation.rules.iou]
    mean = sum(each) / len(each)
    yield TrialRow(
        statement="thresholds",
        case="mean of ten, at most AP50",
        error=max(abs(numbers["AP"] - mean), numbers["AP"] - numbers["AP50"]),
        control_error=abs(numbers["AP"] - sum(each[1:]) / len(each[1:])),
        counterexample=f"AP {numbers['AP']:.4f}, mean of ten {mean:.4f}, AP50 {numbers['AP50']:.4f}",
    )


def score_trial(truth: Flags, predicted: Flags) -> TrialRow:
    """Precision and recall of labels (n,) are scikit-learn's, also where they are 0 / 0.

    The control exchanges false positives and false negatives.
    """
    from sklearn.metrics import precision_score as sk_precision
    from sklearn.metrics import recall_score as sk_recall

    tp, fp, fn = (int(found.sum()) for found in (truth & predicted, ~truth & predicted, truth & ~predicted))
    errors: list[float] = []
    exchanged: list[float] = []
    for empty in (0.0, 1.0):
        precision = sk_precision(truth, predicted, zero_division=empty)
        recall = sk_recall(truth, predicted, zero_division=empty)
        for differences, wrong, missed in ((errors, fp, fn), (exchanged, fn, fp)):
            differences.append(abs(float(precision_score(tp, wrong, empty=empty)) - precision))
            differences.append(abs(float(recall_score(tp, missed, empty=empty)) - recall))
    return TrialRow(
        statement="precision and recall",
        case="scikit-learn's",
        error=max(errors),
        control_error=max(exchanged),
        counterexample=f"TP {tp}, FP {fp}, FN {fn}",
    )


def order_trial(scores: Floats, correct: Flags) -> TrialRow:
    """AP of detections (n,) does not change under a rising map of the scores; the control folds them."""
    positives = int(correct.sum()) + len(scores) // 10
    before, after, folded = (
        average_precision(values, correct, positives)
        for values in (scores, np.exp(3 * scores) - 7, (scores - 0.5) ** 2)
    )
    return TrialRow(
        statement="order of scores",
        case="rising map",
        error=abs(after - before),
        control_error=abs(folded - before),
        counterexample=f"{len(scores)} detections: AP {before:.6f}, of exp(3 s) - 7 {after:.6f}",
    )


def overlap_trial(first: Boxes, second: Boxes, scale: float) -> TrialRow:
    """IoU of boxes (n, 4) is symmetric, in [0, 1], 1 with itself, 0 if disjoint and free of the unit.

    The control is the IoU of inclusive pixels, which changes with the unit.
    """
    found = iou(first, second)
    errors = (
        np.abs(found - iou(second, first).T).max(),
        max(0.0, -found.min(), found.max() - 1),
        np.abs(np.diagonal(iou(first, first)) - 1).max(),
        np.abs(iou(scale * first, scale * second) - found).max(),
        iou(first, second + 200.0).max(),
    )
    pixels = [iou(factor * first, factor * second, inclusive=True) for factor in (1.0, scale)]
    return TrialRow(
        statement="overlap",
        case="symmetric, bounded, free of the unit",
        error=float(max(errors)),
        control_error=float(np.abs(pixels[0] - pixels[1]).max()),
        counterexample=f"{len(first)} x {len(second)} boxes, unit changed by {scale:.3g}",
    )


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "map_is_the_mean_over_classes_with_objects",
            statement="mAP is the mean of the APs over the classes that have objects; the others are left out.",
            rule=Theorem(
                "AP is the mean over the classes with objects", control="counting the others as 0", tolerance=1e-9
            ),
            measure=instances("classes"),
            topic="mAP",
            predicted="holds",
            source="pycocotools, cocoeval.py: precision -1 of a class without objects is left out",
        ),
        Claim(
            "ap_is_the_mean_of_ten_and_at_most_ap50",
            statement="mAP@[.5:.95] is the mean of ten APs and at most AP50.",
            rule=Theorem("both hold for every set", control="the mean without IoU 0.5", tolerance=1e-9),
            measure=instances("thresholds"),
            topic="mAP@[.5:.95]",
            predicted="holds",
            source="https://cocodataset.org/#detection-eval, metrics",
        ),
        Claim(
            "precision_and_recall_equal_sklearns",
            statement="Precision is TP / (TP + FP) and recall TP / (TP + FN); the caller says what 0 / 0 is.",
            rule=Theorem(
                "both equal scikit-learn's", control="false positives and negatives exchanged", tolerance=1e-12
            ),
            measure=instances("precision and recall"),
            topic="precision and recall",
            predicted="holds",
            source="Manning et al. 2008",
        ),
        Claim(
            "ap_depends_on_the_order_of_scores_only",
            statement="AP depends on the order of the scores only.",
            rule=Theorem(
                "a rising map of the scores leaves AP as it is", control="a map that folds them", tolerance=1e-12
            ),
            measure=instances("order of scores"),
            topic="average precision",
            predicted="holds",
            source="Manning et al. 2008, section 8.4: AP is made of precisions at ranks",
        ),
        Claim(
            "overlap_is_symmetric_and_free_of_the_unit",
            statement="IoU is symmetric, within [0, 1], 1 with itself, 0 if disjoint and free of the unit of length.",
            rule=Theorem("every one of these holds", control="IoU of inclusive pixels", tolerance=1e-12),
            measure=instances("overlap"),
            topic="IoU",
            predicted="holds",
            source="Everingham et al. 2010",
        ),
    ),
    tables=(Table(title="Laws and their controls", by=("statement",), columns=("error", "control_error")),),
)
