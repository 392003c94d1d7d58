"""Cross-entropy or soft Dice for masks: which gradients are better, and which masks?

Gradients of one pixel by formula; then small U-Nets that mark a disc among squares, every loss on the same grid of
learning rates, read at probability one half and at the threshold that validation images choose.

Notes: cross-entropy instead of Dice or IoU (000:21), U-Net (002:120).
Source: Milletari et al.: V-Net, 3DV 2016; Sudre et al.: Generalised Dice overlap, 2017; Ronneberger et al.: U-Net,
2015.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from math import nan
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, effect, ratio, undecided
from experiments.loss.judging import judge_instances
from experiments.loss.tuning import best_of_grid, why_untuned

if TYPE_CHECKING:
    import torch

    from experiments.loss.core.dice_study import Arm

LossName = Literal["ce", "wce", "dice", "iou", "ce_dice"]


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    size: Annotated[int, Field(ge=16, le=256, multiple_of=4)] = 16
    """Pixels per side of a picture."""
    images: Annotated[int, Field(ge=16, le=10_000)] = 16
    """Pictures for training and for validation; twice as many for test."""
    fg: Annotated[float, Field(gt=0, le=0.5)] = 0.03
    """Share of a picture that the disc covers where it is rare."""
    balanced_fg: Annotated[float, Field(gt=0, le=0.5)] | None = None
    """The share for the balanced condition, which trains ce and dice; no such condition without it."""
    losses: tuple[LossName, ...] = ("ce", "dice")
    """Losses to train where the disc is rare; the claims need ce and dice."""
    smooth: Annotated[float, Field(gt=0)] = 1.0
    """Added to numerator and denominator of Dice and IoU, in pixels."""
    nets: tuple[Literal["unet", "unet_noskip"], ...] = ("unet", "unet_noskip")
    """Networks; the one without skips is trained by dice where the disc is rare."""
    width: Annotated[int, Field(ge=1, le=128)] = 4
    """Channels of the first level."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (1e-2,)
    """Grid of learning rates of Adam, the same for every arm."""
    steps: Annotated[int, Field(ge=3, le=100_000)] = 15
    """Updates of 8 images; the short budget is a third."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    arm: str
    """The loss, or the instance."""
    condition: str = ""
    net: str = ""
    lr: float = nan
    step: int = 0
    validation_dice: float = nan
    dice_at_half: float = nan
    dice_at_validated: float = nan
    threshold: float = nan
    """Probability chosen on validation images."""
    boundary_iou: float = nan
    nll: float = nan
    gradient_snr: float = nan
    value: float = nan
    error: float = nan
    control_error: float = nan
    witness: str = ""


def run(params: Params, seed: int) -> Iterator[Event]:
    import torch

    from experiments.loss.core import dice_laws

    rng = torch.Generator().manual_seed(seed)
    for instance in dice_laws.formula_instances(rng, 20):
        yield Row(**asdict(instance))
    for instances in (dice_laws.bound_instances, dice_laws.saturation_instances):
        for instance in instances():
            yield Row(**asdict(instance))
    yield from trained(params, rng)


def trained(params: Params, rng: torch.Generator) -> Iterator[Event]:
    """Every condition with its networks, losses and learning rates, from the same weights and images."""
    from experiments.loss.core.dice_study import Pictures, image_losses, train

    read_at = (max(params.steps // 3, 1), params.steps)
    shares = {"rare": params.fg, **({} if params.balanced_fg is None else {"balanced": params.balanced_fg})}
    for number, (condition, share) in enumerate(shares.items()):
        yield Progress("conditions", number, len(shares))
        arms = arms_of(params, condition)
        if not arms:
            continue
        data = Pictures.draw(params.images, params.size, share, rng)
        losses = image_losses(params.smooth, share)
        for arm, reading in train(data, arms, losses, read_at=read_at, width=params.width, rng=rng):
            budget = "long" if reading.step == params.steps else "short"
            net = "unet" if arm.skips else "unet_noskip"
            yield Row(part=budget, arm=arm.loss, condition=condition, net=net, lr=arm.lr, **asdict(reading))


def arms_of(params: Params, condition: str) -> list[Arm]:
    """Losses by learning rates; where the disc is rare dice also trains the network without skips."""
    from experiments.loss.core.dice_study import Arm

    losses = params.losses if condition == "rare" else ("ce", "dice")
    kinds = [(loss, True) for loss in losses if "unet" in params.nets]
    kinds += [("dice", False)] if condition == "rare" and "unet_noskip" in params.nets else []
    return [Arm(loss, lr, skips) for loss, skips in kinds for lr in params.lrs]


def select(rows: Sequence[Row], part: str, condition: str = "", net: str = "") -> list[Row]:
    return [row for row in rows if (row.part, row.condition, row.net) == (part, condition, net)]


def compared(
    rows: Sequence[Row],
    first: str,
    second: str,
    value: Callable[[Row], float],
    *,
    delta: float = 0.01,
    budget: str = "long",
    condition: str = "rare",
) -> Comparison:
    """Effect of one loss over another, each at the learning rate with the best validation Dice."""
    found = select(rows, budget, condition, "unet")
    arms = best_of_grid(found, validation_dice)
    if not {first, second} <= arms.keys():
        return undecided("effect", f"needs {first} and {second} in the condition {condition}")
    reason = why_untuned(found, [arms[first], arms[second]])
    if reason is not None:
        return undecided("effect", reason)
    return effect(by_seed(arms[first], value), by_seed(arms[second], value), delta=delta)


def validation_dice(row: Row) -> float:
    return row.validation_dice


def at_half(row: Row) -> float:
    return row.dice_at_half


def at_validated(row: Row) -> float:
    return row.dice_at_validated


def formulas_of_the_gradients_hold(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "formula"), 1.0)


def cross_entropy_is_bounded_and_does_not_saturate(rows: Sequence[Row]) -> Comparison:
    return conditional(
        {
            "slope at most 1": judge_instances(select(rows, "bound")),
            "slope near 1 where surely wrong": judge_instances(select(rows, "saturation"), 1e-3),
        }
    )


def cross_entropy_has_steadier_gradients(rows: Sequence[Row]) -> Comparison:
    arms = best_of_grid(select(rows, "long", "rare", "unet"), validation_dice)
    if not {"ce", "dice"} <= arms.keys():
        return undecided("effect", "needs ce and dice")
    signal = {arm: by_seed(arms[arm], lambda row: row.gradient_snr) for arm in ("ce", "dice")}
    return ratio(signal["ce"], signal["dice"], at_least=1.5)


def cross_entropy_gives_better_masks(rows: Sequence[Row]) -> Comparison:
    return conditional(
        {
            "rare, threshold 0.5": compared(rows, "ce", "dice", at_half),
            "rare, validated threshold": compared(rows, "ce", "dice", at_validated),
            "rare, validated, a third of the steps": compared(rows, "ce", "dice", at_validated, budget="short"),
            "balanced, validated threshold": compared(rows, "ce", "dice", at_validated, condition="balanced"),
        }
    )


def the_loss_of_the_metric_wins_on_it(rows: Sequence[Row]) -> Comparison:
    return conditional(
        {
            "Dice at 0.5": compared(rows, "dice", "ce", at_half),
            "Dice at the validated threshold": compared(rows, "dice", "ce", at_validated),
            "likelihood": compared(rows, "ce", "dice", lambda row: -row.nll),
        }
    )


def skips_sharpen_boundaries(rows: Sequence[Row]) -> Comparison:
    with_skips = best_of_grid(select(rows, "long", "rare", "unet"), validation_dice).get("dice")
    without = best_of_grid(select(rows, "long", "rare", "unet_noskip"), validation_dice).get("dice")
    if with_skips is None or without is None:
        return undecided("effect", "needs both networks and dice")
    edge = by_seed(with_skips, lambda row: row.boundary_iou), by_seed(without, lambda row: row.boundary_iou)
    return effect(*edge, delta=0.02)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="dCE/dz = p - t, and 2 p t / (p^2 + t^2) has slope 2 t (t^2 - p^2) / (p^2 + t^2)^2 in p.",
            notes="gradient of cross-entropy (000:21)",
            kind="theorem",
            rule="relative error to differentiation <= 1e-12, to finite differences <= 1e-6; signs exchanged must fail",
            predicted="holds",
            judge=formulas_of_the_gradients_hold,
        ),
        Claim(
            statement="Cross-entropy's slope in the logit never exceeds 1 and keeps it where a pixel is surely wrong.",
            notes="gradient of cross-entropy (000:21)",
            kind="conditional",
            rule="no slope above 1, slopes within 1e-3 of 1 at z <= -8; Dice of one pixel must exceed, and vanish",
            predicted="holds",
            judge=cross_entropy_is_bounded_and_does_not_saturate,
        ),
        Claim(
            statement="At the end of training the gradients of cross-entropy are 1.5 times as steady as Dice's.",
            notes="gradient of cross-entropy (000:21)",
            kind="effect",
            rule="ratio of |mean|^2 / variance over batches, paired by seed: interval above 1.5, or below",
            predicted="holds",
            judge=cross_entropy_has_steadier_gradients,
        ),
        Claim(
            statement="Cross-entropy gives better masks than Dice loss, by 0.01 of Dice.",
            notes="cross-entropy instead of Dice (000:21)",
            kind="conditional",
            rule="per condition, rates chosen on validation: paired interval above 0.01, or below",
            predicted="conditional",
            judge=cross_entropy_gives_better_masks,
        ),
        Claim(
            statement="The loss that is the metric wins on it: Dice loss on Dice, cross-entropy on likelihood.",
            notes="the loss of your metric (000:14-16)",
            kind="conditional",
            rule="paired intervals above 0.01, or below, at threshold 0.5, at the validated one, and for likelihood",
            predicted="conditional",
            judge=the_loss_of_the_metric_wins_on_it,
        ),
        Claim(
            statement="Skip connections of a U-Net raise IoU at the boundary by 0.02.",
            notes="U-Net (002:120)",
            kind="effect",
            rule="paired interval above 0.02, or below; the network without them has as many weights",
            predicted="holds",
            judge=skips_sharpen_boundaries,
        ),
    ),
    tables=(
        Table(
            title="Losses on one grid",
            by=("net", "condition", "part", "arm", "lr"),
            columns=("dice_at_half", "dice_at_validated", "threshold", "nll", "boundary_iou", "gradient_snr"),
            where=lambda row: row.part in ("long", "short"),
        ),
        Table(
            title="One pixel",
            by=("part", "arm"),
            columns=("value", "error", "control_error"),
            where=lambda row: row.part in ("bound", "saturation"),
        ),
    ),
    curves=(
        Curve(
            name="dice",
            x="step",
            y="dice_at_validated",
            group="arm",
            where=lambda row: row.condition == "rare" and row.net == "unet",
        ),
    ),
)
