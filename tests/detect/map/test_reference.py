"""COCO's twelve numbers against pycocotools, installed or frozen."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.detect.annotations import Scene, coco_scene
from experiments.detect.core.detectors.scenes import SceneRates, random_scene
from experiments.detect.core.pycocotools import pycocotools_numbers, pycocotools_version
from experiments.detect.map.reference import differences, frozen_trials, largest_difference, trial
from experiments.detect.map.setup import small_rates
from tests.detect.core.given import detections_of, ground_truth_of

needs_pycocotools = pytest.mark.skipif(
    pycocotools_version() is None, reason="pycocotools is not installed (extra: test)"
)


def difference(scene: Scene) -> float:
    return trial(scene, pycocotools_numbers(scene.ground_truth, scene.detections), "pycocotools").error


@needs_pycocotools
@pytest.mark.parametrize("seed", range(12))
def test_twelve_numbers_are_pycocotools(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ground_truth, detections = random_scene(rng, small_rates(seed))
    assert difference(Scene(ground_truth, detections)) == 0


@needs_pycocotools
def test_more_than_a_hundred_detections_of_one_image_are_cut_as_in_pycocotools() -> None:
    rates = SceneRates(images=2, classes=1, objects=60, fp_rate=4, score_digits=1)
    ground_truth, detections = random_scene(np.random.default_rng(5), rates)
    assert len(detections.scores) > 400
    assert difference(Scene(ground_truth, detections)) == 0


@needs_pycocotools
@pytest.mark.parametrize("missing", ["objects", "detections"])
def test_an_empty_side_is_as_in_pycocotools(missing: str) -> None:
    ground_truth, detections = random_scene(np.random.default_rng(1), SceneRates(images=3))
    if missing == "objects":
        ground_truth = replace(ground_truth_of(), n_classes=ground_truth.n_classes)
    else:
        detections = detections_of()
    assert difference(Scene(ground_truth, detections)) == 0


def test_twelve_numbers_are_the_frozen_ones() -> None:
    found = list(frozen_trials())
    assert len(found) == 3
    assert max(row.error for row in found) <= 1e-9
    assert max(row.control_error for row in found) > 0.01


def test_a_number_that_one_side_does_not_know_is_a_difference() -> None:
    assert largest_difference({"AP": 0.5, "APs": math.nan}, {"AP": 0.25, "APs": math.nan}) == 0.25
    assert largest_difference({"APs": math.nan}, {"APs": 0.5}) == math.inf


def test_frozen_sets_count_once_over_all_seeds() -> None:
    rows = [*frozen_trials(), *frozen_trials()]
    assert len(differences(rows).errors) == 3


@needs_pycocotools
def test_real_annotations_of_coco_give_pycocotools_numbers(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    path = real_data("coco") / "instances_80_images.json"
    scene = coco_scene(path, generated_results(path, tmp_path))
    assert len(scene.names) == 80
    assert scene.ground_truth.crowd.sum() == 6
    assert difference(scene) == 0


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
