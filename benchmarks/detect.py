"""How much faster than pycocotools and its rivals are COCO's twelve numbers, and how much memory do they need?

    python benchmarks/detect.py [IMAGES] [REPEATS]          arrays or an indexed COCO object in, twelve numbers out
    python benchmarks/detect.py files [IMAGES] [REPEATS]    from two JSON files, reading included, without pycocotools

Random sets of 100 detections per image over 80 classes, with about 7 objects per image and crowds; by default 5000
images, as many as COCO's validation set has. All are interleaved, ours on one thread and on all; wall time and
processor time, since a busy machine changes the first. Under ``taskset`` of one CPU all are on one. The numbers have to
agree within 1e-9, with pycocotools in every bit. Memory is the peak of what numpy allocates during our evaluation.
Compilation is done before the first measurement.

Rivals that are installed take part: hotcoco, ultrafast-pycocotools, faster-coco-eval, vernier.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools.coco import COCO

from experiments.detect.annotations import evaluate_coco
from experiments.detect.core.detectors.scenes import SceneRates, random_scene
from experiments.detect.core.evaluation import coco_numbers, evaluate_detections
from experiments.detect.core.ground_truth import Detections, GroundTruth
from experiments.detect.core.pycocotools import (
    NAMES,
    instances_document,
    pycocotools_evaluator,
    results_document,
)
from experiments.detect.core.suppression import non_maximum_suppression

RIVALS = ("hotcoco", "ultrafast_pycocotools", "faster_coco_eval", "vernier")
Numbers = list[float]

CLASSES = 78
"""``random_scene`` adds two."""
OBJECTS = 7.3


def make_set(images: int) -> tuple[GroundTruth, Detections]:
    rates = SceneRates(images=images, classes=CLASSES, objects=OBJECTS, fp_rate=12.8, score_digits=4)
    return random_scene(np.random.default_rng(0), rates)


def ours(ground_truth: GroundTruth, detections: Detections, threads: int | None = None) -> Numbers:
    numbers = coco_numbers(evaluate_detections(ground_truth, detections, threads=threads))
    return [numbers[name] for name in NAMES]


def ours_of_files(truth: Path, results: Path) -> Numbers:
    numbers = evaluate_coco(truth, results)
    return [numbers[name] for name in NAMES]


def theirs(make_evaluator: Callable[[], Any], files: bool) -> tuple[float, float, Numbers]:
    """Wall and processor seconds of one evaluation, and its numbers; with the reading where it is from files."""
    made = None if files else make_evaluator()

    def evaluate() -> Numbers:
        evaluator = make_evaluator() if made is None else made
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
        return [float(value) for value in evaluator.stats[:12]]

    with contextlib.redirect_stdout(io.StringIO()):
        return timed(evaluate)


def timed(work: Callable[[], Numbers]) -> tuple[float, float, Numbers]:
    wall, processor = time.perf_counter(), time.process_time()
    numbers = work()
    return time.perf_counter() - wall, time.process_time() - processor, numbers


def write_files(ground_truth: GroundTruth, detections: Detections, folder: Path) -> tuple[Path, Path]:
    truth, results = folder / "truth.json", folder / "results.json"
    truth.write_text(json.dumps(instances_document(ground_truth, detections)))
    results.write_text(json.dumps(results_document(detections)))
    return truth, results


def rivals(truth: Path, results: Path) -> dict[str, Callable[[], Any]]:
    """Makers of evaluators of two files, by library."""

    def maker(module: Any) -> Any:
        with contextlib.redirect_stdout(io.StringIO()):
            annotations = getattr(module, "COCO", COCO)(str(truth))
            evaluator = getattr(module, "COCOeval", None) or module.COCOeval_faster
            return evaluator(annotations, annotations.loadRes(str(results)), "bbox")

    found: dict[str, Callable[[], Any]] = {}
    for name in RIVALS:
        with contextlib.suppress(ImportError):
            found[name] = partial(maker, importlib.import_module(name))
    return found


def peak_megabytes(ground_truth: GroundTruth, detections: Detections) -> float:
    tracemalloc.start()
    evaluate_detections(ground_truth, detections)
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
    """Print the times of every library, their ratios to ours, the largest difference and the peak memory."""
    files = sys.argv[1:2] == ["files"]
    given = [int(word) for word in sys.argv[1 + files :]]
    images, repeats = [*given, *(5000, 3)[len(given) :]]
    ours(*make_set(20))
    ground_truth, detections = make_set(images)
    print(
        f"{images} images, {len(ground_truth.images)} objects, {len(detections.scores)} detections, "
        f"{ground_truth.n_classes} classes"
    )
    taken: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        truth, results = write_files(ground_truth, detections, Path(folder))
        makers = rivals(truth, results)
        if not files:
            makers = {"pycocotools": partial(pycocotools_evaluator, ground_truth, detections), **makers}
        own = {
            f"mlnotes, {name}": partial(ours, ground_truth, detections, n)
            for n, name in ((1, "one thread"), (None, "all"))
        }
        if files:
            own = {"mlnotes": partial(ours_of_files, truth, results)}
        for work in own.values():
            work()  # compiles
        for _ in range(repeats):
            for name, work in own.items():
                wall, processor, mine = timed(work)
                taken.setdefault(name, []).append((wall, processor))
            for name, make in makers.items():
                wall, processor, numbers = theirs(make, files)
                taken.setdefault(name, []).append((wall, processor))
                difference = float(np.nanmax(np.abs(np.subtract(mine, numbers))))
                if difference > (0 if name == "pycocotools" else 1e-9):
                    raise SystemExit(f"{name}: the numbers differ by {difference}")
    base = [statistics.median(column) for column in zip(*taken[list(own)[-1]], strict=True)]
    for name, pairs in taken.items():
        wall, processor = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratios = f"{wall / base[0]:6.1f} and {processor / base[1]:6.1f} times ours"
        print(
            f"{name:24} {wall:8.3f} s wall {processor:8.3f} s of processors, {ratios}; least {min(pairs)[0]:.3f} s wall"
        )
    print(f"peak memory of ours: {peak_megabytes(ground_truth, detections):.0f} MB")
    print(f"non-maximum suppression of 10,000 boxes: {1e3 * suppression_seconds(10_000):.0f} ms")


if __name__ == "__main__":
    main()
