"""The heads trained one after the other on the same pictures, each read with and without suppression."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.detect.heads.drawing import draw_scenes
from experiments.detect.heads.setup import Arm, Pools, Scenes
from experiments.lab.answers import percent
from experiments.lab.experiment import Event, Note, Progress, Row, observation

if TYPE_CHECKING:
    from experiments.detect.core.detectors.heads import GridDetector, SetDetector
    from experiments.detect.core.detectors.pictures import Pictures

FIRST_READING = 25
CLIP = 5.0
WARMUP = 0.05
SURE = 0.3
"""Score above which a box counts in ``boxes_per_object``, and is drawn."""
SETS: tuple[Arm, ...] = ("set", "fixed")
CROWDED: tuple[Arm, ...] = ("grid", "many")
"""Heads that are trained in crowds too."""


@observation
class DetectorRow(Row):
    """One detector on the test pictures, after so many updates."""

    scenes: str
    """sparse, crowded or photographs."""
    arm: str
    """grid, plain (cross-entropy for focal loss), many (cells per object), set, or fixed (order of the set)."""
    step: int
    """Updates."""
    ap50: float
    """As the head is meant to be used: the grids with suppression, the sets without."""
    map_without: float
    """Mean AP over IoU .50 to .95, without suppression."""
    map_with: float
    """The same with it."""
    recall_without: float
    """Share of the objects that are found at IoU 0.5."""
    recall_with: float
    boxes_per_object: float
    """Boxes with a score above 0.3, without suppression."""
    parameters: int

    @property
    def mean_precision(self) -> float:
        """Mean AP as the head is meant to be used."""
        return self.map_without if self.arm in SETS else self.map_with


def run(pools: Pools) -> Iterator[Event]:
    from experiments.foundation.networks.timing import one_thread

    main, *others = pools.scenes
    plan = [(main, arm) for arm in pools.params.arms]
    plan += [(other, arm) for other in others for arm in pools.params.arms if arm in CROWDED]
    with one_thread():
        for scenes in pools.scenes:
            yield Note(describe(pools, scenes))
        for done, (scenes, arm) in enumerate(plan):
            yield Progress(f"{arm}, {scenes}", done, len(plan))
            yield from train_arm(pools, scenes, arm)


def describe(pools: Pools, scenes: Scenes) -> str:
    """What there is to find, and how much of it one box per cell can find."""
    from experiments.detect.core.detectors.heads import STRIDE, cell_tasks

    train, test, _ = pools.pictures(scenes)
    tasks = cell_tasks(test, pools.params.size // STRIDE, many=False)
    reachable = sum(len(cells[cells >= 0].unique()) for cells in tasks)
    objects = sum(test.counts)
    return (
        f"{len(train)} pictures for training and {len(test)} for test ({scenes}), {objects} objects on the latter; "
        f"{percent(reachable / max(objects, 1))} of them have the cell of their center to themselves."
    )


def train_arm(pools: Pools, scenes: Scenes, arm: Arm) -> Iterator[Event]:
    """From the same first body and on the same batches as every other arm."""
    import torch

    from experiments.foundation.networks.batches import drawn_batches
    from experiments.foundation.networks.fit import steps
    from experiments.foundation.networks.schedules import lr_factor
    from experiments.foundation.networks.timing import reproducible

    params, (train, test, classes) = pools.params, pools.pictures(scenes)
    with reproducible(pools.seed):
        network = build(pools, arm, train, classes)
    lr = params.set_lr if arm in SETS else params.grid_lr
    updates = params.steps // 2 if scenes == "crowded" else params.steps  # one class is soon learned
    rates = [lr * lr_factor("linear", step / updates, warmup=WARMUP) for step in range(updates)]
    rng = torch.Generator().manual_seed(pools.seed)
    batches = drawn_batches(len(train), params.batch, updates, rng)
    losses = (network.loss(train[batch]) for batch in batches)
    adam = torch.optim.Adam(network.parameters(), lr, fused=True)
    readings = reading_steps(updates)
    for step, _ in steps(adam, losses, rates=rates, clip=CLIP):
        if step in readings:
            yield read(pools, scenes, arm, step, network, test, classes)
    if scenes != "crowded":
        yield draw_scenes(arm, network, test, SURE, None if arm in SETS else params.nms_iou)


def build(pools: Pools, arm: Arm, train: Pictures, classes: int) -> GridDetector | SetDetector:
    from experiments.detect.core.detectors.heads import GridDetector, SetDetector

    params, channels = pools.params, train.images.shape[1]
    if arm in SETS:
        sizes = {"queries": max(params.queries, train.labels.shape[1]), "layers": params.decoder_layers}
        return SetDetector(channels, classes, params.width, **sizes, fixed=arm == "fixed")
    return GridDetector(channels, classes, params.width, many=arm == "many", focused=arm != "plain")


def reading_steps(steps: int) -> set[int]:
    """25 updates and its doubles, half of all and all.

    >>> sorted(reading_steps(300))
    [25, 50, 100, 150, 200, 300]
    """
    doubles = {FIRST_READING * 2**k for k in range(20)}
    return {step for step in doubles if step < steps} | {steps // 2, steps}


def read(
    pools: Pools,
    scenes: Scenes,
    arm: Arm,
    step: int,
    network: GridDetector | SetDetector,
    test: Pictures,
    classes: int,
) -> DetectorRow:
    from experiments.detect.core.detectors.detecting import detect, evaluate, suppress

    found = detect(network, test, floor=pools.params.score_floor)
    without, kept = (evaluate(test, some, classes) for some in (found, suppress(found, pools.params.nms_iou)))
    return DetectorRow(
        scenes=scenes,
        arm=arm,
        step=step,
        ap50=(without if arm in SETS else kept).mean_precision(0.5),
        map_without=without.mean_precision(),
        map_with=kept.mean_precision(),
        recall_without=without.mean_recall(0.5),
        recall_with=kept.mean_recall(0.5),
        boxes_per_object=float((found.scores > SURE).sum()) / max(sum(test.counts), 1),
        parameters=sum(parameter.numel() for parameter in network.parameters()),
    )
