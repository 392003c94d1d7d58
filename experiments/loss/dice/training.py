"""Masks of small U-Nets, read at probability one half and at the threshold that validation images choose.

Masks are compared per image by Dice, the F1 score of their pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect
from experiments.loss.dice.setup import Discs

if TYPE_CHECKING:
    from torch import Tensor


@observation
class ArmRow(Row):
    """One network, trained by one loss at one learning rate."""

    condition: str
    """Discs that are rare, or cover as much as the balanced share."""
    network: str
    loss: str
    lr: float
    validation_dice: float
    """At the threshold chosen there."""


@observation
class MaskRow(ArmRow):
    budget: str
    """The long one of all steps, or the short one of a third."""
    step: int
    dice_at_half: float
    dice_at_validated: float
    threshold: float
    """Probability chosen on validation images."""
    boundary_iou: float
    """Within one pixel of a mask's edge, at the validated threshold."""
    nll: float
    """Cross-entropy per pixel."""


def run(discs: Discs) -> Iterator[Event]:
    from torch.nn.functional import binary_cross_entropy_with_logits

    from experiments.loss.core.overlap import dice_score
    from experiments.loss.core.segments import boundary_iou

    for done, (condition, trained) in enumerate(discs.all_trained()):
        yield Progress("conditions", done + 1, len(discs.shares()))
        truth = trained.test_masks
        for step, (validation, test) in trained.logits.items():
            for arm, held_out, logits in zip(trained.arms, validation, test, strict=True):
                threshold, validation_dice = best_threshold(held_out, trained.validation_masks)
                predicted = logits > threshold
                yield MaskRow(
                    condition=condition,
                    **asdict(arm),
                    budget="long" if step == discs.params.steps else "short",
                    step=step,
                    validation_dice=validation_dice,
                    dice_at_half=dice_score(logits > 0, truth).mean().item(),
                    dice_at_validated=dice_score(predicted, truth).mean().item(),
                    threshold=threshold.sigmoid().item(),
                    boundary_iou=boundary_iou(predicted[:, None], truth[:, None]),
                    nll=binary_cross_entropy_with_logits(logits, truth.float()).item(),
                )


def best_threshold(logits: Tensor, masks: Tensor) -> tuple[Tensor, float]:
    """The threshold of logits (n, h, w) with the highest Dice, and that Dice."""
    import torch

    from experiments.loss.core.overlap import dice_score

    thresholds = torch.linspace(-4, 2, 25)
    scores = torch.stack([dice_score(logits > threshold, masks).mean() for threshold in thresholds])
    return thresholds[scores.argmax()], scores.max().item()


A = TypeVar("A", bound=ArmRow)


def tuned(rows: Sequence[A], condition: str = "rare", network: str = "unet") -> dict[str, Choice[A]]:
    """Loss -> its learning rate with the highest mean validation Dice."""
    found = [row for row in rows if (row.condition, row.network) == (condition, network)]
    return choose(found, score=attrgetter("validation_dice"), arm=attrgetter("loss")) if found else {}


def of_budget(rows: Sequence[MaskRow], budget: str) -> list[MaskRow]:
    return [row for row in rows if row.budget == budget]


def at_tuned_rates(rows: Sequence[MaskRow]) -> list[MaskRow]:
    """At the end of training."""
    rows = of_budget(rows, "long")
    arms = dict.fromkeys((row.condition, row.network) for row in rows)
    return [row for arm in arms for choice in tuned(rows, *arm).values() for row in choice.rows]


def compared(
    rows: Sequence[MaskRow],
    first: str,
    second: str,
    value: str | Callable[[MaskRow], float],
    *,
    budget: str = "long",
    condition: str = "rare",
) -> Pairs | Undecided:
    """One loss against another, each at its learning rate."""
    found = tuned(of_budget(rows, budget), condition)
    if not {first, second} <= found.keys():
        return Undecided(f"expected trainings by {first} and {second} in the condition {condition}")
    if reason := untuned(found[first], found[second]):
        return Undecided(reason)
    return Pairs(by_seed(found[first].rows, value), by_seed(found[second].rows, value))


def masks_by_condition(rows: Sequence[MaskRow]) -> Mapping[str, Pairs | Undecided]:
    half, validated = "dice_at_half", "dice_at_validated"
    return {
        "rare, threshold 0.5": compared(rows, "ce", "dice", half),
        "rare, validated threshold": compared(rows, "ce", "dice", validated),
        "rare, validated, a third of the steps": compared(rows, "ce", "dice", validated, budget="short"),
        "balanced, validated threshold": compared(rows, "ce", "dice", validated, condition="balanced"),
    }


def gain_by_metric(rows: Sequence[MaskRow]) -> Mapping[str, Pairs | Undecided]:
    return {
        "Dice at 0.5": compared(rows, "dice", "ce", "dice_at_half"),
        "Dice at the validated threshold": compared(rows, "dice", "ce", "dice_at_validated"),
        "likelihood": compared(rows, "ce", "dice", lambda row: -row.nll),
    }


def boundaries(rows: Sequence[MaskRow]) -> Pairs | Undecided:
    with_skips, without = (tuned(of_budget(rows, "long"), network=name).get("dice") for name in ("unet", "unet_noskip"))
    if with_skips is None or without is None:
        return Undecided("expected both networks, trained by dice")
    return Pairs(*(by_seed(choice.rows, "boundary_iou") for choice in (with_skips, without)))


PART = Part(
    name="training",
    row=MaskRow,
    run=run,
    claims=(
        Claim(
            "cross_entropy_gives_better_masks",
            statement="Cross-entropy gives better masks than Dice loss, by 0.01 of Dice.",
            rule=Each(Effect("Dice of cross-entropy - Dice loss, each at its rate by validation", 0.01), per="reading"),
            measure=masks_by_condition,
            topic="Cross-entropy instead of Dice",
            predicted="conditional",
            source="pilot",
        ),
        Claim(
            "the_loss_of_the_metric_wins_on_it",
            statement="The loss that is the metric wins on it by 0.01: Dice loss on Dice, cross-entropy on likelihood.",
            rule=Each(
                Effect("metric of its own loss - of the other, each at its rate by validation", 0.01), per="metric"
            ),
            measure=gain_by_metric,
            topic="The loss of your metric",
            predicted={"Dice at 0.5": "holds", "Dice at the validated threshold": "refuted", "likelihood": "holds"},
            source="pilot",
        ),
        Claim(
            "skips_sharpen_boundaries",
            statement="Skip connections of a U-Net raise IoU at the boundary by 0.02.",
            rule=Effect("IoU at the boundary, with skips - without and as many weights", delta=0.02),
            measure=boundaries,
            topic="U-Net",
            predicted="holds",
            source="Ronneberger et al. 2015",
        ),
    ),
    tables=(
        Table(
            "Losses at every learning rate",
            by=("network", "condition", "budget", "loss", "lr"),
            columns=("validation_dice", "dice_at_half", "dice_at_validated", "threshold", "nll", "boundary_iou"),
        ),
    ),
    curves=(
        Curve(
            "dice_over_lr",
            "lr",
            "dice_at_validated",
            "loss",
            x_scale="log",
            only={"condition": "rare", "network": "unet", "budget": "long"},
        ),
    ),
)
