"""COCO's twelve numbers against pycocotools, installed or frozen, and by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.detect.annotations import load_files
from experiments.detect.core import peer, survey
from experiments.detect.core.breakdown import error_breakdown
from experiments.detect.core.evaluation import Detected, Rules, Truth, coco_numbers, evaluate_boxes
from experiments.detect.core.scenes import SceneRates, random_scene
from experiments.detect.core.voc_evaluation import voc_average_precisions

needs_pycocotools = pytest.mark.skipif(
    peer.pycocotools_version() is None, reason="pycocotools is not installed (extra: test)"
)
LEFT, RIGHT, FAR = (0.0, 0.0, 100.0, 100.0), (300.0, 0.0, 100.0, 100.0), (0.0, 300.0, 50.0, 50.0)


def truth_of(*boxes: tuple[float, ...], crowd: bool = False) -> Truth:
    array = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    zeros = np.zeros(len(boxes), np.int64)
    return Truth(
        images=zeros,
        classes=zeros,
        boxes_xywh=array,
        areas=array[:, 2] * array[:, 3],
        crowd=np.full(len(boxes), crowd),
        n_classes=2,
    )


def detected_of(*boxes: tuple[float, ...], classes: list[int] | None = None) -> Detected:
    return Detected(
        images=np.zeros(len(boxes), np.int64),
        classes=np.array(classes or [0] * len(boxes), dtype=np.int64),
        boxes_xywh=np.array(boxes, dtype=np.float64).reshape(-1, 4),
        scores=np.linspace(0.9, 0.1, len(boxes)),
    )


def coco_ap50(truth: Truth, detected: Detected) -> float:
    return coco_numbers(evaluate_boxes(truth, detected))["AP50"]


@needs_pycocotools
@pytest.mark.parametrize("seed", range(12))
def test_twelve_numbers_are_pycocotools(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, detected = random_scene(rng, survey.small_rates(seed))
    assert survey.reference(truth, detected).error <= 1e-9


@needs_pycocotools
def test_more_than_a_hundred_detections_of_one_image_are_cut_as_in_pycocotools() -> None:
    rates = SceneRates(images=2, classes=1, objects=60, false_positive_rate=4, score_digits=1)
    truth, detected = random_scene(np.random.default_rng(5), rates)
    assert len(detected.scores) > 400
    assert survey.reference(truth, detected).error <= 1e-9


@needs_pycocotools
@pytest.mark.parametrize("missing", ["objects", "detections"])
def test_an_empty_side_is_as_in_pycocotools(missing: str) -> None:
    truth, detected = random_scene(np.random.default_rng(1), SceneRates(images=3))
    if missing == "objects":
        truth = replace(truth_of(), n_classes=truth.n_classes)
    else:
        detected = detected_of()
    assert survey.reference(truth, detected).error <= 1e-9


def test_twelve_numbers_are_the_frozen_ones() -> None:
    found = list(survey.frozen_references())
    assert len(found) == 3
    assert max(observation.error for observation in found) <= 1e-9
    assert max(observation.control_error for observation in found) > 0.01


@needs_pycocotools
def test_real_annotations_of_coco_give_pycocotools_numbers(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    path = real_data("coco") / "instances_80_images.json"
    results = generated_results(path, tmp_path)
    loaded = load_files(str(path), str(results), "coco")
    assert loaded is not None
    truth, detected, names = loaded
    assert len(names) == 80
    assert truth.crowd.sum() == 6
    assert survey.reference(truth, detected).error <= 1e-9


def generated_results(path: Path, folder: Path) -> Path:
    """Detections made from real annotations: moved, with classes and scores at random."""
    rng = np.random.default_rng(0)
    document = json.loads(path.read_text())
    ids = [category["id"] for category in document["categories"]]
    results = [
        {
            "image_id": entry["image_id"],
            "category_id": entry["category_id"] if rng.random() < 0.8 else int(rng.choice(ids)),
            "bbox": [
                max(0.0, side * factor) for side, factor in zip(entry["bbox"], rng.normal(1, 0.08, 4), strict=True)
            ],
            "score": round(float(rng.random()), 2),
        }
        for entry in document["annotations"]
        for _ in range(2)
    ]
    (folder / "results.json").write_text(json.dumps(results))
    return folder / "results.json"


def test_an_object_is_found_once_and_the_second_detection_is_wrong() -> None:
    truth = truth_of(LEFT, RIGHT)
    assert coco_ap50(truth, detected_of(LEFT, RIGHT)) == 1
    # precision 1 up to recall 1/2, 2/3 beyond: (51 + 50 * 2/3) / 101
    assert coco_ap50(truth, detected_of(LEFT, LEFT, RIGHT)) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_an_overlap_equal_to_the_threshold_matches() -> None:
    half = (0.0, 0.0, 100.0, 50.0)
    numbers = coco_numbers(evaluate_boxes(truth_of(LEFT), detected_of(half)))
    assert (numbers["AP50"], numbers["AP75"], numbers["AP"]) == (1, 0, pytest.approx(0.1))


def test_detections_inside_a_crowd_are_neither_right_nor_wrong() -> None:
    crowd = truth_of(LEFT, crowd=True)
    outcomes = evaluate_boxes(crowd, detected_of((10.0, 10.0, 20.0, 20.0), (50.0, 50.0, 20.0, 20.0), FAR)).outcomes
    assert outcomes[0].tolist() == [2, 2, 0]


def test_an_exempt_object_counts_for_nobody() -> None:
    truth = replace(truth_of(LEFT, RIGHT), exempt=np.array([True, False]))
    evaluation = evaluate_boxes(truth, detected_of(LEFT, RIGHT))
    assert evaluation.outcomes[0].tolist() == [2, 1]
    assert evaluation.positives[0, 0] == 1


def test_a_class_without_objects_is_nan_and_left_out() -> None:
    evaluation = evaluate_boxes(truth_of(LEFT), detected_of(LEFT, FAR, classes=[0, 1]))
    assert np.isnan(evaluation.average_precision()[1])
    assert coco_numbers(evaluation)["AP"] == 1


def test_annotated_areas_and_not_boxes_sort_objects_by_size() -> None:
    small_mask = replace(truth_of(LEFT), areas=np.array([900.0]))
    numbers = coco_numbers(evaluate_boxes(small_mask, detected_of(LEFT)))
    assert numbers["APs"] == 1
    assert np.isnan(numbers["APl"])


def test_shapes_classes_and_scores_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="expected classes below 2, got 3"):
        evaluate_boxes(truth_of(LEFT), detected_of(LEFT, classes=[3]))
    with pytest.raises(ValueError, match="scores without nan"):
        replace(detected_of(LEFT), scores=np.array([np.nan]))
    with pytest.raises(ValueError, match="sides of at least 0"):
        truth_of((0, 0, -1, 1))
    with pytest.raises(ValueError, match="one of the IoU thresholds"):
        evaluate_boxes(truth_of(LEFT), detected_of(LEFT)).average_precision(0.51)


def test_each_error_has_its_cause() -> None:
    shifted = (50.0, 0.0, 100.0, 100.0)  # IoU 1/3 with LEFT
    truth = replace(truth_of(LEFT, RIGHT, FAR), classes=np.array([0, 1, 0]))
    detected = detected_of(LEFT, LEFT, shifted, RIGHT, (500.0, 400.0, 9.0, 9.0))
    counts = {cause: count for cause, (count, _) in error_breakdown(truth, detected).items()}
    assert counts == {"duplicate": 1, "confusion": 1, "localization": 1, "background": 1, "missed": 2}


def test_mending_what_was_missed_makes_a_perfect_detector() -> None:
    truth, detected = truth_of(LEFT, RIGHT), detected_of(LEFT)
    gains = {cause: gain for cause, (_, gain) in error_breakdown(truth, detected).items()}
    assert gains["missed"] == pytest.approx(1 - coco_ap50(truth, detected))
    assert gains["background"] == 0


def test_voc_compares_with_the_nearest_object_even_if_it_is_taken() -> None:
    # the second detection overlaps the first object most, but reaches the threshold with the free one too
    truth, detected = truth_of((0, 0, 100, 100), (40, 0, 100, 100)), detected_of((0, 0, 100, 100), (15, 0, 100, 100))
    assert voc_average_precisions(truth, detected)[0] == pytest.approx(0.5)
    assert coco_ap50(truth, detected) == 1


def test_one_threshold_one_area_and_one_limit_are_enough() -> None:
    rules = Rules(iou_thresholds=(0.5,), area_ranges={"all": (0, 1e10)}, max_detections=(1,))
    evaluation = evaluate_boxes(truth_of(LEFT, RIGHT), detected_of(LEFT, RIGHT), rules)
    assert evaluation.average_recall(most=1)[0] == 0.5
    assert evaluation.outcomes[0].tolist() == [1, 3]
