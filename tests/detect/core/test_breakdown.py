"""Every wrong detection has one kind, and mending it has a price: by hand, and as the authors' package has it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experiments.detect.core.breakdown import error_breakdown
from experiments.detect.core.detectors.scenes import SceneRates, random_scene
from experiments.detect.core.evaluation import evaluate_detections
from experiments.detect.core.ground_truth import Detections, GroundTruth
from tests.detect.core.given import FAR, LEFT, RIGHT, coco_ap50, detections_of, ground_truth_of

SHIFTED = (50.0, 0.0, 100.0, 100.0)
"""IoU 1/3 with LEFT."""
FROM_TIDECV = {
    0: {
        "classification": (13, 13.0867174477),
        "localization": (25, 19.0758800733),
        "both": (4, 1.0026635726),
        "duplicate": (0, 0.0),
        "background": (16, 4.4221853504),
        "missed": (24, 7.5777941507),
    },
    5: {
        "classification": (12, 11.5947687184),
        "localization": (19, 14.9219823416),
        "both": (3, 0.4078512247),
        "duplicate": (3, 0.7598248619),
        "background": (24, 4.7391268807),
        "missed": (30, 11.5576677679),
    },
}
"""Seed -> count and gain in points, frozen from tidecv 1.0.1: TIDERun(truth, found, 0.5, 0.1, "bbox", 100)."""


def breakdown(truth: GroundTruth, found: Detections) -> dict[str, tuple[int, float]]:
    return error_breakdown(truth, found, evaluate_detections(truth, found))


def test_each_error_has_its_kind() -> None:
    truth = replace(ground_truth_of(LEFT, RIGHT, FAR), classes=np.array([0, 1, 0]))
    beside_right = (350.0, 0.0, 100.0, 100.0)
    found = detections_of(LEFT, LEFT, SHIFTED, RIGHT, beside_right, (500.0, 400.0, 9.0, 9.0))
    counts = {kind: count for kind, (count, _) in breakdown(truth, found).items()}
    # RIGHT has the wrong class and would be mended: of the objects only FAR is missed
    expected = {"duplicate": 1, "localization": 1, "classification": 1, "both": 1, "background": 1, "missed": 1}
    assert counts == expected


def test_a_detection_on_a_crowd_is_no_error() -> None:
    truth = replace(ground_truth_of(LEFT, RIGHT), crowd=np.array([True, False]))
    assert all(count == 0 for count, _ in breakdown(truth, detections_of((10.0, 10.0, 20.0, 20.0), RIGHT)).values())


def test_mending_makes_the_best_detection_of_an_object_right_and_takes_the_others_away() -> None:
    truth, found = ground_truth_of(LEFT, RIGHT), detections_of(SHIFTED, SHIFTED, RIGHT)
    count, gain = breakdown(truth, found)["localization"]
    assert count == 2
    assert gain == pytest.approx(1 - coco_ap50(truth, found))


def test_mending_what_was_missed_makes_a_perfect_detector() -> None:
    truth, found = ground_truth_of(LEFT, RIGHT), detections_of(LEFT)
    gains = {kind: gain for kind, (_, gain) in breakdown(truth, found).items()}
    assert gains["missed"] == pytest.approx(1 - coco_ap50(truth, found))
    assert gains["background"] == 0


def tide_scene(seed: int) -> tuple[GroundTruth, Detections]:
    """Every class has objects, since tidecv counts one without as AP 0; no crowds and no ties."""
    rates = SceneRates(images=15, classes=4, crowd_rate=0.0, jitter=0.2, confusion_rate=0.3, score_digits=9)
    truth, found = random_scene(np.random.default_rng(seed), rates)
    return replace(truth, classes=truth.classes % 4, n_classes=4), replace(found, classes=found.classes % 4)


@pytest.mark.parametrize("seed", FROM_TIDECV)
def test_counts_and_gains_are_those_of_tidecv(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # COCO's linspace(0, 1, 101) and tidecv's i / 100 differ in last bits, and a recall may lie on such a point
    monkeypatch.setattr("experiments.detect.core.average_precision.RECALL_POINTS", np.arange(101) / 100)
    found = breakdown(*tide_scene(seed))
    for kind, (count, gain) in FROM_TIDECV[seed].items():
        assert found[kind][0] == count, kind
        assert found[kind][1] == pytest.approx(gain / 100, abs=1e-11), kind
