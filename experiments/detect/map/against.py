"""Whether one detector is better than another on the same images: the difference of their APs, with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from experiments.detect.map.setup import Scenes
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.differences import describe_interval
from experiments.lab.judge.mean import Interval
from experiments.lab.judge.verdict import Verdict

RESAMPLES = 1000
LEVEL = 0.05
FEWEST_IMAGES = 10
"""Draws of fewer are too much alike: their interval is too narrow to decide anything."""
IN_WORDS = {"holds": "they are better", "refuted": "they are worse", "inconclusive": "these images do not decide"}


@observation
class AgainstRow(Row):
    """One metric of both detectors."""

    metric: str
    value: float
    against: float
    difference: float
    low: float
    """Of the difference's 95 % interval, by a paired bootstrap over images."""
    high: float
    verdict: str
    """Of "detections are better": holds, refuted or inconclusive."""


def run(scenes: Scenes) -> Iterator[AgainstRow]:
    if scenes.against is None:
        return
    from experiments.detect.core.bootstrap import resampled_precisions
    from experiments.detect.core.evaluation import coco_numbers, evaluate_detections

    scene = scenes.scene
    second = evaluate_detections(scene.ground_truth, scenes.against, scene.rules)
    both, rng = (scenes.evaluation, second), np.random.default_rng(scenes.seed)
    drawn = resampled_precisions(scene.ground_truth, both, scene.images, RESAMPLES, rng)
    first_numbers, second_numbers = map(coco_numbers, both)
    for metric, iou in (("AP", None), ("AP50", 0.5), ("AP75", 0.75)):
        columns = slice(None) if iou is None else [second.threshold(iou)]
        differences = (drawn[0] - drawn[1])[:, columns].mean(axis=1)
        interval = Interval(*map(float, np.nanquantile(differences, [LEVEL / 2, 1 - LEVEL / 2])))
        yield AgainstRow(
            metric=metric,
            value=first_numbers[metric],
            against=second_numbers[metric],
            difference=first_numbers[metric] - second_numbers[metric],
            low=interval.low,
            high=interval.high,
            verdict=verdict_of(interval, len(scene.images)),
        )


def verdict_of(interval: Interval, images: int) -> Verdict:
    """Of "better": the interval lies above 0, below it, or on both sides, of images enough.

    >>> verdict_of(Interval(0.1, 0.2), 80), verdict_of(Interval(0.0, 0.2), 80), verdict_of(Interval(0.1, 0.2), 3)
    ('holds', 'inconclusive', 'inconclusive')
    """
    if images < FEWEST_IMAGES or interval.low <= 0 <= interval.high:
        return "inconclusive"
    return "holds" if interval.low > 0 else "refuted"


def sentence(rows: Sequence[AgainstRow]) -> str:
    """Which is better by AP, of one set of images with a second detector."""
    of_sets = [row for row in rows if row.metric == "AP"]
    if len(of_sets) != 1:
        return ""
    (row,) = of_sets
    said = describe_interval(100 * row.difference, Interval(100 * row.low, 100 * row.high), LEVEL, "+.1f")
    return f" Their AP minus the other detector's is {said} points: {IN_WORDS[row.verdict]}."


PART = Part(
    name="against",
    row=AgainstRow,
    run=run,
    tables=(
        Table(
            title="Against the other detector: difference and its 95 % interval over images",
            by=("metric",),
            columns=("value", "against", "difference", "low", "high", "verdict"),
        ),
    ),
)
