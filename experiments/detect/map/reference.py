"""COCO's twelve numbers against pycocotools: installed, on the sets of this run, and frozen, on sets of its own."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from experiments.detect.annotations import Scene, coco_scene
from experiments.detect.core.pycocotools import pycocotools_numbers, pycocotools_version
from experiments.detect.map.setup import Scenes
from experiments.foundation.statements.trials import TrialRow, distinct, tried
from experiments.lab.experiment import Event, Note, Part, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem

FROZEN = Path(__file__).with_name("frozen")
"""Small sets in COCO's formats with the numbers that pycocotools gave, so that the comparison runs without it."""
FROZEN_VERSION = "2.0.11"


def run(scenes: Scenes) -> Iterator[Event]:
    installed = pycocotools_version()
    yield Note(
        f"pycocotools is not installed: compared with numbers frozen from {FROZEN_VERSION} only."
        if installed is None
        else f"Compared with pycocotools {installed} on these sets, and with numbers frozen from {FROZEN_VERSION}."
    )
    yield from frozen_trials()
    for scene in (scenes.scene, *(instance.scene for instance in scenes.instances)):
        # pycocotools knows no exempt objects, and counts them
        if installed is not None and scene.ground_truth.exempt is None:
            theirs = pycocotools_numbers(scene.ground_truth, scene.detections)
            yield trial(scene, theirs, f"pycocotools {installed}")


def frozen_trials() -> Iterator[TrialRow]:
    for folder in sorted(FROZEN.glob("*/")):
        numbers = json.loads((folder / "numbers.json").read_text(encoding="utf-8"))
        theirs = {name: math.nan if value is None else value for name, value in numbers.items()}
        scene = coco_scene(folder / "instances.json", folder / "results.json")
        yield trial(scene, theirs, f"frozen pycocotools {FROZEN_VERSION}, {folder.name.replace('_', ' ')}")


def trial(scene: Scene, theirs: Mapping[str, float], source: str) -> TrialRow:
    """How far COCO's twelve numbers are from ``theirs``; the control takes crowds for single objects."""
    from experiments.detect.core.evaluation import coco_numbers, evaluate_detections

    truth = scene.ground_truth
    single = replace(truth, crowd=np.zeros_like(truth.crowd))
    ours, control = (coco_numbers(evaluate_detections(objects, scene.detections)) for objects in (truth, single))
    return TrialRow(
        statement="twelve numbers",
        case=source,
        error=largest_difference(ours, theirs),
        control_error=largest_difference(control, theirs),
        counterexample=f"AP {ours['AP']:.6f} of {len(truth.images)} objects, {source}",
    )


def largest_difference(ours: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """Largest absolute difference by name; infinite where only one side is NaN."""
    found = 0.0
    for name, value in theirs.items():
        if math.isnan(value) != math.isnan(ours[name]):
            return math.inf
        found = max(found, 0.0 if math.isnan(value) else abs(value - ours[name]))
    return found


def differences(rows: Sequence[TrialRow]) -> Instances:
    """The frozen sets are the same for every seed."""
    return tried(distinct(rows))


PART = Part(
    name="pycocotools",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "twelve_numbers_equal_pycocotools",
            statement="The twelve numbers equal pycocotools' within 1e-9 on sets with crowds, ties and empty images.",
            rule=Theorem(
                "each number equals pycocotools' on every set",
                control="crowds taken for single objects",
                tolerance=1e-9,
            ),
            measure=differences,
            topic="mAP",
            predicted="holds",
            source="pycocotools 2.0.11, cocoeval.py",
        ),
    ),
    tables=(Table(title="Largest difference to pycocotools", by=("case",), columns=("error", "control_error")),),
)
