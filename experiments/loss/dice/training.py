"""Masks of small U-Nets, read at probability one half and at the threshold that validation images choose.

Masks are compared per image by Dice, the F1 score of their pixels. Every comparison takes the learning rates at which
the number that it judges is best on validation images.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect
from experiments.loss.dice.setup import Discs

if TYPE_CHECKING:
    from torch import Tensor

CE, DICE, NO_SKIPS = "ce of unet", "dice of unet", "dice of unet_noskip"
"""Arms of the claims."""


@observation
class ArmRow(Row):
    """One network, trained by one loss at one learning rate."""

    condition: str
    """Discs that are rare, or cover as much as the balanced share."""
    network: str
    loss: str
    lr: float

    @property
    def arm(self) -> str:
        return f"{self.loss} of {self.network}"


@observation
class MaskRow(ArmRow):
    budget: str
    """The long one of all steps, or the short one of a third."""
    step: int
    pictures: str
    """validation or test."""
    dice_at_half: float
    dice_at_validated: float
    threshold: float
    """Probability chosen on validation images."""
    boundary_iou: float
    """Within one pixel of a mask's edge, at the validated threshold."""
    nll: float
    """Cross-entropy per pixel."""


def run(discs: Discs) -> Iterator[Event]:
    from experiments.foundation.networks.scores.mask_scores import best_threshold

    for done, (condition, trained) in enumerate(discs.all_trained()):
        yield Progress("conditions", done + 1, len(discs.shares()))
        masks = {"validation": trained.validation_masks, "test": trained.test_masks}
        for step, (validation, test) in trained.logits.items():
            for arm, held_out, tested in zip(trained.arms, validation, test, strict=True):
                threshold, _ = best_threshold(held_out, trained.validation_masks)
                for pictures, logits in (("validation", held_out), ("test", tested)):
                    yield MaskRow(
                        condition=condition,
                        **asdict(arm),
                        budget="long" if step == discs.params.steps else "short",
                        step=step,
                        pictures=pictures,
                        threshold=threshold.sigmoid().item(),
                        **measures(logits, masks[pictures], threshold),
                    )


def measures(logits: Tensor, truth: Tensor, threshold: Tensor) -> dict[str, Any]:
    """Of logits and masks (n, h, w)."""
    from torch.nn.functional import binary_cross_entropy_with_logits

    from experiments.foundation.networks.scores.mask_scores import boundary_iou, dice_score

    predicted = logits > threshold
    return {
        "dice_at_half": dice_score(logits > 0, truth).mean().item(),
        "dice_at_validated": dice_score(predicted, truth).mean().item(),
        "boundary_iou": boundary_iou(predicted[:, None], truth[:, None]),
        "nll": binary_cross_entropy_with_logits(logits, truth.float()).item(),
    }


def goodness(row: MaskRow, column: str) -> float:
    """The column, so that more is better."""
    value: float = getattr(row, column)
    return -value if column == "nll" else value


def tuned(rows: Sequence[MaskRow], column: str) -> dict[str, Choice[MaskRow]]:
    """Arm -> its learning rate with the best ``column`` on validation images."""
    validated = [row for row in rows if row.pictures == "validation"]
    if not validated:
        return {}
    return choose(validated, score=lambda row: goodness(row, column))


def on_test(rows: Sequence[MaskRow], column: str = "dice_at_validated") -> list[MaskRow]:
    """Every arm on test images, at the end of training, at its best rate in its condition."""
    found = []
    for condition in dict.fromkeys(row.condition for row in rows):
        trained = of(rows, condition, "long")
        rates = {arm: choice.setting for arm, choice in tuned(trained, column).items()}
        tests = (row for row in trained if row.pictures == "test")
        found += [row for row in tests if row.lr == rates[row.arm]]
    return found


def of(rows: Sequence[MaskRow], condition: str, budget: str) -> list[MaskRow]:
    return [row for row in rows if (row.condition, row.budget) == (condition, budget)]


def compared(
    rows: Sequence[MaskRow],
    first: str,
    second: str,
    column: str,
    *,
    condition: str = "rare",
    budget: str = "long",
) -> Pairs | Undecided:
    """One arm against another on test images, each at its learning rate."""
    trained = of(rows, condition, budget)
    found = tuned(trained, column)
    if not {first, second} <= found.keys():
        return Undecided(f"expected trainings by {first} and {second} in the condition {condition}")
    if reason := untuned(found[first], found[second]):
        return Undecided(reason)
    arms = [{"arm": arm, "lr": found[arm].setting, "pictures": "test"} for arm in (first, second)]
    return Pairs(*(by_seed(trained, lambda row: goodness(row, column), **arm) for arm in arms))


def masks_by_condition(rows: Sequence[MaskRow]) -> Mapping[str, Pairs | Undecided]:
    validated = "dice_at_validated"
    return {
        "rare, threshold 0.5": compared(rows, CE, DICE, "dice_at_half"),
        "rare, validated threshold": compared(rows, CE, DICE, validated),
        "rare, validated, a third of the steps": compared(rows, CE, DICE, validated, budget="short"),
        "balanced, validated threshold": compared(rows, CE, DICE, validated, condition="balanced"),
    }


def gain_by_metric(rows: Sequence[MaskRow]) -> Mapping[str, Pairs | Undecided]:
    return {
        "Dice at 0.5": compared(rows, DICE, CE, "dice_at_half"),
        "Dice at the validated threshold": compared(rows, DICE, CE, "dice_at_validated"),
        "likelihood": compared(rows, CE, DICE, "nll"),
    }


def boundaries(rows: Sequence[MaskRow]) -> Pairs | Undecided:
    return compared(rows, DICE, NO_SKIPS, "boundary_iou")


def dice_of_both(rows: Sequence[MaskRow]) -> str:
    best = [row for row in on_test(rows) if row.condition == "rare"]
    ce, dice = (number(mean(best, "dice_at_validated", network="unet", loss=loss), 2) for loss in ("ce", "dice"))
    half = number(mean(on_test(rows, "dice_at_half"), "dice_at_half", network="unet", loss="ce", condition="rare"), 2)
    return f"Dice of rare discs: {ce} by cross-entropy ({half} at threshold one half), {dice} by Dice loss"


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
            topic="Cross-entropy instead of Dice: masks",
            predicted="refuted",
            source="pilot: on a par at the validated threshold, behind at one half",
        ),
        Claim(
            "the_loss_of_the_metric_wins_on_it",
            statement="The loss that is the metric wins on it by 0.01: Dice loss on Dice, cross-entropy on likelihood.",
            rule=Each(
                Effect("metric of its own loss - of the other, each at its rate by validation", 0.01), per="metric"
            ),
            measure=gain_by_metric,
            topic="The loss of your metric: Dice and likelihood",
            predicted={"Dice at 0.5": "holds", "Dice at the validated threshold": "refuted", "likelihood": "holds"},
            source="pilot",
        ),
        Claim(
            "skips_sharpen_boundaries",
            statement="Skip connections of a U-Net raise IoU at the boundary by 0.02.",
            rule=Effect("IoU at the boundary, with skips - without and as many weights", delta=0.02),
            measure=boundaries,
            topic="U-Net, skip connections",
            predicted="holds",
            source="Ronneberger et al. 2015",
        ),
    ),
    tables=(
        Table(
            "Losses at every learning rate",
            by=("network", "condition", "budget", "loss", "lr"),
            columns=("dice_at_half", "dice_at_validated", "threshold", "nll", "boundary_iou"),
            only={"pictures": "test"},
        ),
    ),
    curves=(
        Curve(
            "dice_over_lr",
            "lr",
            "dice_at_validated",
            "loss",
            x_scale="log",
            only={"condition": "rare", "network": "unet", "budget": "long", "pictures": "test"},
            title=dice_of_both,
        ),
    ),
)
