"""COCO's rules by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experiments.detect.core.evaluation import coco_numbers, evaluate_detections
from experiments.detect.core.rules import Rules
from tests.detect.core.given import FAR, LEFT, RIGHT, coco_ap50, detections_of, ground_truth_of

ALMOST_1 = 1 / (1 + float(np.spacing(1)))
"""What pycocotools gives where every detection is right: it adds the spacing of 1 to their number."""


def test_an_object_is_found_once_and_the_second_detection_is_wrong() -> None:
    ground_truth = ground_truth_of(LEFT, RIGHT)
    assert coco_ap50(ground_truth, detections_of(LEFT, RIGHT)) == pytest.approx(ALMOST_1, abs=1e-15)
    # precision 1 up to recall 1/2, 2/3 beyond: (51 + 50 * 2/3) / 101
    assert coco_ap50(ground_truth, detections_of(LEFT, LEFT, RIGHT)) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_an_overlap_equal_to_the_threshold_matches() -> None:
    half = (0.0, 0.0, 100.0, 50.0)
    numbers = coco_numbers(evaluate_detections(ground_truth_of(LEFT), detections_of(half)))
    assert (numbers["AP50"], numbers["AP75"], numbers["AP"]) == (
        pytest.approx(ALMOST_1, abs=1e-15),
        0,
        pytest.approx(0.1),
    )


def test_detections_inside_a_crowd_are_neither_right_nor_wrong() -> None:
    crowd = ground_truth_of(LEFT, crowd=True)
    outcomes = evaluate_detections(
        crowd, detections_of((10.0, 10.0, 20.0, 20.0), (50.0, 50.0, 20.0, 20.0), FAR)
    ).outcomes
    assert outcomes[0].tolist() == [2, 2, 0]


def test_an_exempt_object_counts_for_nobody() -> None:
    ground_truth = replace(ground_truth_of(LEFT, RIGHT), exempt=np.array([True, False]))
    evaluation = evaluate_detections(ground_truth, detections_of(LEFT, RIGHT))
    assert evaluation.outcomes[0].tolist() == [2, 1]
    assert evaluation.positives[0, 0] == 1


def test_a_class_without_objects_is_nan_and_left_out() -> None:
    evaluation = evaluate_detections(ground_truth_of(LEFT), detections_of(LEFT, FAR, classes=[0, 1]))
    assert np.isnan(evaluation.average_precision()[1])
    assert coco_numbers(evaluation)["AP"] == pytest.approx(ALMOST_1, abs=1e-15)


def test_annotated_areas_and_not_boxes_sort_objects_by_size() -> None:
    small_mask = replace(ground_truth_of(LEFT), areas=np.array([900.0]))
    numbers = coco_numbers(evaluate_detections(small_mask, detections_of(LEFT)))
    assert numbers["APs"] == pytest.approx(ALMOST_1, abs=1e-15)
    assert np.isnan(numbers["APl"])


def test_shapes_classes_and_scores_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="expected classes below 2, got 3"):
        evaluate_detections(ground_truth_of(LEFT), detections_of(LEFT, classes=[3]))
    with pytest.raises(ValueError, match="scores without nan"):
        replace(detections_of(LEFT), scores=np.array([np.nan]))
    with pytest.raises(ValueError, match="sides of at least 0"):
        ground_truth_of((0, 0, -1, 1))
    with pytest.raises(ValueError, match="one of the IoU thresholds"):
        evaluate_detections(ground_truth_of(LEFT), detections_of(LEFT)).average_precision(0.51)


def test_one_threshold_one_area_and_one_limit_are_enough() -> None:
    rules = Rules(iou=(0.5,), area_ranges={"all": (0, 1e10)}, max_dets=(1,))
    evaluation = evaluate_detections(ground_truth_of(LEFT, RIGHT), detections_of(LEFT, RIGHT), rules)
    assert evaluation.average_recall(max_dets=1)[0] == 0.5
    assert evaluation.outcomes[0].tolist() == [1, 3]
