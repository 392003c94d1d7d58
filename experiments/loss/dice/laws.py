"""Gradients of cross-entropy and of soft Dice of a single pixel, by formula and by differentiation.

For one pixel soft Dice is D = 2 p t / (p^2 + t^2), p = sigmoid(z), and dD/dp = 2 t (t^2 - p^2) / (p^2 + t^2)^2; that of
cross-entropy is dCE/dz = p - t.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.foundation.statements.trials import TRIALS, TrialRow, distinct, instances, trials_of, tried
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem, Under
from experiments.loss.dice.setup import Discs

if TYPE_CHECKING:
    import torch
    from torch import Tensor

PIXELS = 20
DIFFERENTIATION, FINITE_DIFFERENCES = 1e-12, 1e-6
"""Relative rounding."""


def run(discs: Discs) -> Iterator[TrialRow]:
    yield from formula_trials(discs.generator(), PIXELS)
    for exponent in range(1, 5):
        yield bound_trial(10.0**-exponent)
    for z in (-8.0, -10.0, -15.0):
        yield saturation_trial(z)


def formula_trials(rng: torch.Generator, n: int) -> Iterator[TrialRow]:
    """Formulas against automatic differentiation, and soft Dice of two images against finite differences."""
    import torch

    from experiments.foundation.networks.scores.binary_losses import binary_cross_entropy
    from experiments.loss.core.overlap import pixel_dice, pixel_dice_slope, soft_dice

    logits = (3 * torch.randn(n, generator=rng, dtype=torch.float64)).requires_grad_()
    targets = torch.rand(n, generator=rng, dtype=torch.float64)
    (slope,) = torch.autograd.grad(binary_cross_entropy(logits, targets).sum(), logits)
    p = logits.sigmoid().detach()
    yield compared("dCE/dz", slope, p - targets, p + targets)
    probability = p.clone().requires_grad_()
    (slope,) = torch.autograd.grad(pixel_dice(probability, targets).sum(), probability)
    yield compared("dD/dp", slope, pixel_dice_slope(p, targets), -pixel_dice_slope(p, targets))
    images = logits.detach()[: 2 * (n // 2)].reshape(2, -1).requires_grad_()
    masks = (targets[: 2 * (n // 2)].reshape(2, -1) > 0.5).double()
    (slope,) = torch.autograd.grad(soft_dice(images.sigmoid(), masks).sum(), images)
    numeric = central_differences(images.detach(), masks)
    yield compared("soft Dice of an image", slope, numeric, -numeric, FINITE_DIFFERENCES)


def compared(
    case: str, found: Tensor, expected: Tensor, control: Tensor, rounding: float = DIFFERENTIATION
) -> TrialRow:
    """Largest relative errors in units of the rounding expected."""
    size = expected.abs().max()
    error, control_error = (((found - other).abs().max() / size).item() / rounding for other in (expected, control))
    return TrialRow(statement="formula", case=case, error=error, control_error=control_error)


def central_differences(images: Tensor, masks: Tensor, step: float = 1e-5) -> Tensor:
    """Of the soft Dice of images (n, pixels), pixel by pixel."""
    import torch

    from experiments.loss.core.overlap import soft_dice

    moves = step * torch.eye(images.numel(), dtype=images.dtype).reshape(-1, *images.shape)
    up, down = (torch.stack([soft_dice((images + m).sigmoid(), masks).sum() for m in way]) for way in (moves, -moves))
    return ((up - down) / (2 * step)).reshape(images.shape)


def bound_trial(a: float) -> TrialRow:
    """|dCE/dz| <= 1. Control: |dD/dp| at p = a, t = 2 a, which is 0.48 / a."""
    from experiments.foundation.networks.scores.binary_losses import binary_cross_entropy
    from experiments.loss.core.overlap import pixel_dice

    steep = slope(pixel_dice, a, 2 * a)
    worst = max(abs(slope(binary_cross_entropy, z, t)) for z in (-100 * a, 100 * a, -10.0, 10.0) for t in (0.0, 1.0))
    return TrialRow(
        statement="bound",
        case=f"p = {a:g}",
        error=max(0.0, worst - 1),
        control_error=max(0.0, steep - 1),
        counterexample=f"dD/dp = {steep:.6g} at p = {a:g}, t = {2 * a:g}; 0.48 / a = {0.48 / a:.6g}",
    )


def saturation_trial(z: float) -> TrialRow:
    """Where a pixel is surely wrong (t = 1), |dCE/dz| is nearly 1. Control: |dD/dz|, which goes to 0."""
    from experiments.foundation.networks.scores.binary_losses import binary_cross_entropy
    from experiments.loss.core.overlap import pixel_dice

    entropy = slope(binary_cross_entropy, z, 1.0)
    dice = slope(lambda logit, target: pixel_dice(logit.sigmoid(), target), z, 1.0)
    return TrialRow(
        statement="saturation",
        case=f"z = {z:g}",
        error=1 - abs(entropy),
        control_error=1 - abs(dice),
        counterexample=f"z = {z:g}: dCE/dz = {entropy:.6g}, dD/dz = {dice:.3g}",
    )


def slope(loss: Callable[[Tensor, Tensor], Tensor], at: float, target: float) -> float:
    """By differentiation."""
    import torch

    point = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(loss(point, torch.tensor(target, dtype=torch.float64)), point)[0].item()


def bound_and_saturation(rows: Sequence[TrialRow]) -> Mapping[str, Instances]:
    """The same for every seed."""
    statements = {"slope at most 1": "bound", "slope near 1 where surely wrong": "saturation"}
    return {condition: tried(distinct(trials_of(rows, statement))) for condition, statement in statements.items()}


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "formulas_of_the_gradients_hold",
            statement="dCE/dz = p - t, and 2 p t / (p^2 + t^2) has slope 2 t (t^2 - p^2) / (p^2 + t^2)^2 in p.",
            rule=Theorem(
                "relative error over the rounding expected, 1e-12 or 1e-6 for finite differences,",
                control="the formula with exchanged signs",
                tolerance=1.0,
            ),
            measure=instances("formula"),
            topic="Gradients of cross-entropy and Dice, formulas",
            predicted="holds",
            source="the chain rule; Milletari et al. 2016 for this form of Dice",
        ),
        Claim(
            "cross_entropy_is_bounded_and_does_not_saturate",
            statement="Cross-entropy's slope in the logit never exceeds 1 and keeps it where a pixel is surely wrong.",
            rule=Under(
                {
                    "slope at most 1": Theorem("excess of the slope over 1", control="Dice of one pixel"),
                    "slope near 1 where surely wrong": Theorem(
                        "distance of the slope from 1 at z <= -8", control="Dice of one pixel", tolerance=1e-3
                    ),
                }
            ),
            measure=bound_and_saturation,
            topic="Gradient of cross-entropy: bounds",
            predicted="holds",
            source="|p - t| with p and t in [0, 1]",
        ),
    ),
    tables=(TRIALS,),
)
