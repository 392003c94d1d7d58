"""How much faster than pycocotools are COCO's twelve numbers, and how much memory do they need?

    python benchmarks/detect.py [IMAGES] [REPEATS]

Random sets of 100 detections per image over 80 classes, with about 7 objects per image and crowds; by default 5000
images, as many as COCO's validation set has. Timed: arrays or an indexed COCO object in, twelve numbers out; reading
files and building pycocotools' index are not. The two are interleaved, and their numbers have to agree within 1e-9.
Memory is the peak of what numpy allocates during our evaluation. Compilation is done before the first measurement.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import sys
import time
import tracemalloc

import numpy as np

from experiments.detect.core.evaluation import coco_numbers, evaluate_boxes
from experiments.detect.core.ground_truth import Detections, GroundTruth
from experiments.detect.core.pycocotools import NAMES, pycocotools_evaluator, pycocotools_version
from experiments.detect.core.scenes import SceneRates, random_scene
from experiments.detect.core.suppression import non_maximum_suppression

CLASSES = 78
"""``random_scene`` adds two."""
OBJECTS = 7.3


def make_set(images: int) -> tuple[GroundTruth, Detections]:
    rates = SceneRates(images=images, classes=CLASSES, objects=OBJECTS, fp_rate=12.8, score_digits=4)
    return random_scene(np.random.default_rng(0), rates)


def ours(ground_truth: GroundTruth, detections: Detections) -> tuple[float, list[float]]:
    begun = time.perf_counter()
    numbers = coco_numbers(evaluate_boxes(ground_truth, detections))
    return time.perf_counter() - begun, [numbers[name] for name in NAMES]


def theirs(ground_truth: GroundTruth, detections: Detections) -> tuple[float, list[float]]:
    evaluator = pycocotools_evaluator(ground_truth, detections)
    begun = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return time.perf_counter() - begun, [float(value) for value in evaluator.stats]


def peak_megabytes(ground_truth: GroundTruth, detections: Detections) -> float:
    tracemalloc.start()
    evaluate_boxes(ground_truth, detections)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def suppression_seconds(n: int) -> float:
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 600, (n, 2))
    boxes, scores = np.concatenate([low, low + rng.uniform(8, 100, (n, 2))], axis=1), rng.random(n)
    non_maximum_suppression(boxes[:2], scores[:2], 0.5)
    begun = time.perf_counter()
    non_maximum_suppression(boxes, scores, 0.5)
    return time.perf_counter() - begun


def main() -> None:
    """Print both times, their ratio, the largest difference and the peak memory."""
    images = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    ours(*make_set(20))
    ground_truth, detections = make_set(images)
    print(
        f"{images} images, {len(ground_truth.images)} objects, {len(detections.scores)} detections, "
        f"{ground_truth.n_classes} classes"
    )
    taken: list[tuple[float, float]] = []
    for _ in range(repeats):
        (first, mine), (second, other) = ours(ground_truth, detections), theirs(ground_truth, detections)
        taken.append((first, second))
        print(f"mlnotes {first:.2f} s, pycocotools {pycocotools_version()} {second:.2f} s, {second / first:.0f} x")
        difference = float(np.nanmax(np.abs(np.subtract(mine, other))))
        if difference > 1e-9:
            raise SystemExit(f"the numbers differ by {difference}")
    ratios = [second / first for first, second in taken]
    print(f"ratio: median {statistics.median(ratios):.0f}, {min(ratios):.0f} to {max(ratios):.0f}")
    print(
        f"largest difference: {difference:.2g}; peak memory of ours: {peak_megabytes(ground_truth, detections):.0f} MB"
    )
    print(f"non-maximum suppression of 10,000 boxes: {1e3 * suppression_seconds(10_000):.0f} ms")


if __name__ == "__main__":
    main()
