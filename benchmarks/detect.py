"""How much faster than pycocotools and its rivals are COCO's twelve numbers, and how much memory do they need?

    python benchmarks/detect.py [IMAGES] [REPEATS]

Random sets of 100 detections per image over 80 classes, with about 7 objects per image and crowds; by default 5000
images, as many as COCO's validation set has. Timed: arrays or an indexed COCO object in, twelve numbers out; reading
files and building an index are not. All are interleaved, on one thread and on all; wall time and processor time, since
a busy machine changes the first. The numbers have to agree within 1e-9, with pycocotools in every bit. Memory is the
peak of what numpy allocates during our evaluation. Compilation is done before the first measurement.

Rivals that are installed take part: hotcoco, ultrafast-pycocotools, faster-coco-eval (extra: peers).
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

RIVALS = ("hotcoco", "ultrafast_pycocotools", "faster_coco_eval")
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


def theirs(make_evaluator: Callable[[], Any]) -> tuple[float, float, Numbers]:
    """Wall and processor seconds of one evaluation, and its numbers."""
    evaluator = make_evaluator()

    def evaluate() -> Numbers:
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


def rivals(ground_truth: GroundTruth, detections: Detections, folder: Path) -> dict[str, Callable[[], Any]]:
    """Makers of evaluators, by library; those that read files get them."""
    truth, results = folder / "truth.json", folder / "results.json"
    truth.write_text(json.dumps(instances_document(ground_truth, detections)))
    results.write_text(json.dumps(results_document(detections)))

    def maker(module: Any) -> Any:
        with contextlib.redirect_stdout(io.StringIO()):
            annotations = module.COCO(str(truth))
            evaluator = getattr(module, "COCOeval", None) or module.COCOeval_faster
            return evaluator(annotations, annotations.loadRes(str(results)), "bbox")

    found: dict[str, Callable[[], Any]] = {"pycocotools": partial(pycocotools_evaluator, ground_truth, detections)}
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
    images = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    ours(*make_set(20))
    ground_truth, detections = make_set(images)
    print(
        f"{images} images, {len(ground_truth.images)} objects, {len(detections.scores)} detections, "
        f"{ground_truth.n_classes} classes"
    )
    taken: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        makers = rivals(ground_truth, detections, Path(folder))
        for _ in range(repeats):
            mine = ours(ground_truth, detections)
            for threads in (1, None):
                name = f"mlnotes, {'one thread' if threads else 'all threads'}"
                taken.setdefault(name, []).append(timed(partial(ours, ground_truth, detections, threads))[:2])
            for name, make in makers.items():
                wall, processor, numbers = theirs(make)
                taken.setdefault(name, []).append((wall, processor))
                difference = float(np.nanmax(np.abs(np.subtract(mine, numbers))))
                if difference > (0 if name == "pycocotools" else 1e-9):
                    raise SystemExit(f"{name}: the numbers differ by {difference}")
    base = statistics.median(processor for _, processor in taken["mlnotes, all threads"])
    for name, pairs in taken.items():
        wall, processor = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name:24} {wall:8.3f} s wall {processor:8.3f} s of processors, {processor / base:6.1f} times ours")
    print(f"peak memory of ours: {peak_megabytes(ground_truth, detections):.0f} MB")
    print(f"non-maximum suppression of 10,000 boxes: {1e3 * suppression_seconds(10_000):.0f} ms")


if __name__ == "__main__":
    main()
