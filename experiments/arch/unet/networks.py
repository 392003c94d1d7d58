"""Masks of networks with and without skips, and without the way down, at half and at the full budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from experiments.arch.unet.setup import FLAT, FULL, NO_SKIPS, UNET, Scenes
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Artifact, Curve, Event, Note, Part, Progress, Row, Table, observation

if TYPE_CHECKING:
    from torch import Tensor


@observation
class RateRow(Row):
    """One network at one learning rate, after a quarter of its updates."""

    network: str
    lr: float
    validation_dice: float
    """Of all contrasts together, at the best threshold."""


@observation
class NetworkRow(Row):
    """One network, at the rate that it got, on the test scenes of one contrast."""

    dataset: str
    network: str
    budget: str
    """Half of the updates, or all."""
    updates: int
    contrast: str
    dice: float
    """Of all test pixels together, at the threshold that validation scenes choose."""
    boundary_iou: float
    """Within one pixel of a mask's edge, at that threshold."""
    threshold: float
    """Probability."""
    lr: float
    parameters: int
    flops: int
    """Of one scene."""


def run_rates(scenes: Scenes) -> Iterator[Event]:
    for done, name in enumerate(scenes.architectures):
        yield Progress("networks", done, len(scenes.architectures))
        for lr, dice in scenes.trained(name).tried.items():
            yield RateRow(network=name, lr=lr, validation_dice=dice)


def run(scenes: Scenes) -> Iterator[Event]:
    for done, name in enumerate(scenes.architectures):
        yield Progress("networks", done, len(scenes.architectures))
        yield from rows_of(scenes, name)
    if scenes.params.is_own:
        yield from keep_network(scenes)


def keep_network(scenes: Scenes) -> Iterator[Event]:
    """The U-Net that was trained on the user's pictures, and how to use it."""
    import torch

    params, weights = scenes.params, scenes.trained(UNET).network.state_dict()
    yield Artifact("unet.pt", lambda path: torch.save(weights, path))
    yield Note(
        "unet.pt in the record is the U-Net: from experiments.foundation.architectures.unet import UNet; network = "
        f"UNet(1, 1, width={params.width}, depth={params.levels}); network.load_state_dict(torch.load('unet.pt'))"
    )


def rows_of(scenes: Scenes, name: str) -> Iterator[NetworkRow]:
    from experiments.foundation.costs.forward import forward_cost
    from experiments.foundation.networks.scores.mask_scores import best_threshold, boundary_iou

    trained, size = scenes.trained(name), scenes.params.size
    cost = forward_cost(trained.network, (1, size, size))
    for budget, (validation, *tests) in trained.logits.items():
        threshold, _ = best_threshold(validation.reshape(1, -1), scenes.data.validation[1].reshape(1, -1))
        for (contrast, (_, masks)), logits in zip(scenes.data.tests.items(), tests, strict=True):
            yield NetworkRow(
                dataset=scenes.source,
                network=name,
                budget=budget,
                updates=scenes.params.steps if budget == FULL else scenes.params.steps // 2,
                contrast=contrast,
                dice=pixel_dice(logits > threshold, masks),
                boundary_iou=boundary_iou(logits > threshold, masks),
                threshold=threshold.sigmoid().item(),
                lr=trained.lr,
                parameters=cost.parameters,
                flops=cost.flops,
            )


def pixel_dice(predicted: Tensor, masks: Tensor) -> float:
    """Dice of all pixels together, so that a picture without any object cannot count as a perfect one."""
    from experiments.foundation.networks.scores.mask_scores import dice_score

    return dice_score(predicted.reshape(1, -1), masks.reshape(1, -1)).item()


def gained(rows: Sequence[NetworkRow]) -> str:
    """What the curve shows."""
    scores = [number(mean(rows, "dice", network=name, budget=FULL), 2) for name in (UNET, NO_SKIPS, FLAT)]
    return f"Dice {scores[0]} by the U-Net, {scores[1]} without skips, {scores[2]} without descent"


RATES = Part(
    name="rates",
    row=RateRow,
    run=run_rates,
    tables=(Table("Every rate after a quarter of the updates", by=("network", "lr"), columns=("validation_dice",)),),
)
PART = Part(
    name="networks",
    row=NetworkRow,
    run=run,
    tables=(
        Table(
            "Every network at half and at the full budget",
            by=("network", "budget", "contrast"),
            columns=("dice", "boundary_iou", "threshold", "lr"),
        ),
    ),
    curves=(Curve("dice_by_budget", "updates", "dice", "network", title=gained),),
)
