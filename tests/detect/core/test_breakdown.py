"""Every wrong detection has one cause, and mending it has a price."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experiments.detect.core.breakdown import error_breakdown
from tests.detect.core.given import FAR, LEFT, RIGHT, coco_ap50, detections_of, ground_truth_of


def test_each_error_has_its_cause() -> None:
    shifted = (50.0, 0.0, 100.0, 100.0)  # IoU 1/3 with LEFT
    ground_truth = replace(ground_truth_of(LEFT, RIGHT, FAR), classes=np.array([0, 1, 0]))
    detections = detections_of(LEFT, LEFT, shifted, RIGHT, (500.0, 400.0, 9.0, 9.0))
    counts = {cause: count for cause, (count, _) in error_breakdown(ground_truth, detections).items()}
    assert counts == {"duplicate": 1, "confusion": 1, "localization": 1, "background": 1, "missed": 2}


def test_mending_what_was_missed_makes_a_perfect_detector() -> None:
    ground_truth, detections = ground_truth_of(LEFT, RIGHT), detections_of(LEFT)
    gains = {cause: gain for cause, (_, gain) in error_breakdown(ground_truth, detections).items()}
    assert gains["missed"] == pytest.approx(1 - coco_ap50(ground_truth, detections))
    assert gains["background"] == 0
