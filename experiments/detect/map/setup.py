"""What detect.map can be asked, and the sets of objects and detections that its parts look at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from experiments.detect.annotations import Scene, load_scene
from experiments.detect.core.average_precision import Interpolation
from experiments.detect.core.detectors.scenes import SceneRates, random_detections, random_scene
from experiments.detect.core.ground_truth import Detections, Flags, Floats
from experiments.detect.core.rules import IouType
from experiments.detect.core.shapes.boxes import Boxes
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from experiments.detect.core.evaluation import Evaluation

Threshold = Annotated[float, Field(gt=0, le=1)]


@parameters
class Params:
    annotations: str | None = None
    """Ground truth of your own: COCO's instances json, or a folder of VOC's xml. Random sets without it."""
    detections: str | None = None
    """Results for it: COCO's results json, or a folder of VOC's text files, one per class."""
    format: Literal["coco", "voc"] = "coco"
    """Format of both files; with voc the objects marked difficult do not count."""
    iou_type: IouType | None = None
    """What overlaps in COCO's files: boxes (bbox, the default), masks (segm) or keypoints of persons (keypoints)."""
    against: str | None = None
    """Results of a second detector for the same annotations: is ``detections`` better?"""
    images: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Images of a random set."""
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Standard deviation of a detection's corners, in sides of its object."""
    dup_rate: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Share of detections that are given twice."""
    fp_rate: Annotated[float, Field(ge=0, le=10)] = 0.2
    """False positives per object."""
    iou: Annotated[tuple[Threshold, ...], Field(min_length=1)] = (0.5, 0.75, 0.9)
    """Overlaps at which curves are drawn and the chosen mAP is averaged."""
    interp: Interpolation = "coco101"
    """Convention of the chosen mAP."""
    max_dets: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Detections per image and class in the chosen mAP."""
    area: Literal["all", "small", "medium", "large"] = "all"
    """Objects in the chosen mAP, by COCO's areas in square pixels: 32^2 and 96^2 are the borders."""
    show: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Classes in the table: so many of the best and of the worst; the record has all of them."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 5
    """Further small random sets and instances of every law."""


@dataclass(frozen=True, kw_only=True)
class Instance:
    """What the laws are tried on once: a small set, and what else they need."""

    scene: Scene
    labels: list[tuple[Flags, Flags]]
    """True and predicted labels (n,), (n,)."""
    scores: Floats
    """(n,)"""
    correct: Flags
    """(n,) whether the detection of that score is right."""
    boxes: tuple[Boxes, Boxes]
    """Two sets of boxes (n, 4)."""
    scale: float
    """A change of the unit of length."""


@dataclass(frozen=True, kw_only=True)
class Scenes(Setup[Params]):
    """One set to look at, the user's or a random one, and small ones for the laws."""

    scene: Scene
    against: Detections | None
    """Of a second detector, for the same objects; random ones have twice the noise."""
    instances: tuple[Instance, ...]

    @cached_property
    def evaluation(self) -> Evaluation:
        """Of the set to look at, by COCO's rules."""
        from experiments.detect.core.evaluation import evaluate_detections

        return evaluate_detections(self.scene.ground_truth, self.scene.detections, self.scene.rules)


def prepare(params: Params, seed: int) -> Scenes:
    """Raises InputError if the user's files cannot be read."""
    rng = np.random.default_rng(seed)
    rates = SceneRates(images=params.images, jitter=params.jitter, dup_rate=params.dup_rate, fp_rate=params.fp_rate)
    scene, images = own_scene(params, params.detections), np.arange(params.images, dtype=np.int64)
    second = own_scene(params, params.against) if params.against else None
    against = None if second is None else second.detections
    if scene is None:
        scene = Scene(*random_scene(rng, rates), images=images)
        noisier, other = replace(rates, jitter=2 * rates.jitter), np.random.default_rng([seed, 1])
        against = random_detections(other, scene.ground_truth, noisier)
    return Scenes(
        params=params,
        seed=seed,
        scene=scene,
        against=against,
        instances=tuple(draw(rng, small_rates(trial)) for trial in range(params.trials)),
    )


def own_scene(params: Params, detections: str | None) -> Scene | None:
    """The user's objects with these detections."""
    if params.against and None in (params.annotations, params.detections):
        raise InputError("against: expected annotations and detections too, to compare with; name all three files.")
    return load_scene(params.annotations, detections, params.format, params.iou_type or "bbox")


def draw(rng: np.random.Generator, rates: SceneRates) -> Instance:
    scene = Scene(*random_scene(rng, rates))
    labels = [(rng.random(30) < rng.choice([0.0, 0.5]), rng.random(30) < rate) for rate in (0.0, 0.3, 0.7)]
    scores, correct = rng.random(200), rng.random(200) < 0.4
    low = rng.uniform(0, 50, (2, 20, 2))
    first, second = np.concatenate([low, low + rng.uniform(1, 50, (2, 20, 2))], axis=2)
    return Instance(
        scene=scene,
        labels=labels,
        scores=scores,
        correct=correct,
        boxes=(first, second),
        scale=float(rng.uniform(0.01, 100)),
    )


def small_rates(trial: int) -> SceneRates:
    """Small sets that differ in what is delicate: ties, crowds, empty images, few objects."""
    return SceneRates(
        images=(12, 4, 25)[trial % 3],
        classes=(3, 1, 5)[trial % 3],
        objects=(4.0, 6.0, 1.5)[trial % 3],
        jitter=(0.05, 0.1, 0.2)[trial % 3],
        crowd_rate=(0.3, 0.1, 0.2)[trial % 3],
        score_digits=(1, 2, 1)[trial % 3],
    )
