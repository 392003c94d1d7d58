"""Gradients of cross-entropy and of soft Dice of a single pixel, by formula and by differentiation.

For one pixel soft Dice is D = 2 p t / (p^2 + t^2), p = sigmoid(z), and dD/dp = 2 t (t^2 - p^2) / (p^2 + t^2)^2; that of
cross-entropy is dCE/dz = p - t.
Source: Milletari et al.: V-Net, 3DV 2016 (Dice with squares in the denominator).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from experiments.loss.core.classification import binary_cross_entropy
from experiments.loss.core.overlap import soft_dice
from experiments.loss.core.properties import Instance


def pixel_dice(probability: Tensor, target: Tensor) -> Tensor:
    """2 p t / (p^2 + t^2), elementwise."""
    return 2 * probability * target / (probability.square() + target.square())


def pixel_dice_slope(probability: Tensor, target: Tensor) -> Tensor:
    """dD/dp = 2 t (t^2 - p^2) / (p^2 + t^2)^2."""
    return 2 * target * (target**2 - probability**2) / (probability**2 + target**2) ** 2


def formula_instances(rng: torch.Generator, n: int) -> Iterator[Instance]:
    """Formulas against automatic differentiation, and the losses against finite differences. Controls: wrong signs of
    t, and a slope that is off by its own size."""
    logits = (3 * torch.randn(n, generator=rng, dtype=torch.float64)).requires_grad_()
    targets = torch.rand(n, generator=rng, dtype=torch.float64)
    (slope,) = torch.autograd.grad(binary_cross_entropy(logits, targets).sum(), logits)
    p = logits.sigmoid().detach()
    yield _compared("dCE/dz", slope, p - targets, p + targets)
    probability = p.clone().requires_grad_()
    (slope,) = torch.autograd.grad(pixel_dice(probability, targets).sum(), probability)
    yield _compared("dD/dp", slope, pixel_dice_slope(p, targets), -pixel_dice_slope(p, targets))
    images = logits.detach()[: 2 * (n // 2)].reshape(2, -1).requires_grad_()
    masks = (targets[: 2 * (n // 2)].reshape(2, -1) > 0.5).double()
    (slope,) = torch.autograd.grad(soft_dice(images.sigmoid(), masks).sum(), images)
    numeric = _central_differences(images.detach(), masks)
    yield _compared("soft Dice of an image", slope, numeric, -numeric, scale=1e-6)


def bound_instances() -> Iterator[Instance]:
    """|dCE/dz| <= 1. Control: |dD/dp| at p = a, t = 2 a, which is 0.48 / a."""
    for exponent in range(1, 5):
        a = 10.0**-exponent
        steep = pixel_dice_slope(torch.tensor(a, dtype=torch.float64), torch.tensor(2 * a, dtype=torch.float64)).item()
        worst = max(abs(_cross_entropy_slope(z, t)) for z in (-100 * a, 100 * a, -10.0, 10.0) for t in (0.0, 1.0))
        yield Instance(
            part="bound",
            arm=f"p = {a:g}",
            error=max(0.0, worst - 1),
            control_error=max(0.0, steep - 1),
            value=steep,
            witness=f"dD/dp = {steep:.6g} at p = {a:g}, t = {2 * a:g}; 0.48 / a = {0.48 / a:.6g}",
        )


def saturation_instances() -> Iterator[Instance]:
    """Where a pixel is surely wrong (t = 1), |dCE/dz| is nearly 1. Control: |dD/dz|, which goes to 0."""
    for z in (-8.0, -10.0, -15.0):
        one = torch.tensor(1.0, dtype=torch.float64)
        logit = torch.tensor(z, dtype=torch.float64, requires_grad=True)
        (dice,) = torch.autograd.grad(pixel_dice(logit.sigmoid(), one), logit)
        entropy = _cross_entropy_slope(z, 1.0)
        yield Instance(
            part="saturation",
            arm=f"z = {z:g}",
            error=1 - abs(entropy),
            control_error=1 - abs(dice.item()),
            value=dice.item(),
            witness=f"z = {z:g}: dCE/dz = {entropy:.6g}, dD/dz = {dice.item():.3g}",
        )


def _cross_entropy_slope(z: float, target: float) -> float:
    logit = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(binary_cross_entropy(logit, torch.tensor(target, dtype=torch.float64)), logit)
    return slope.item()


def _compared(arm: str, found: Tensor, expected: Tensor, control: Tensor, scale: float = 1e-12) -> Instance:
    """Largest relative error, in units of the rounding expected: 1e-12, or 1e-6 for finite differences."""
    size = expected.abs().max()
    errors = [((found - other).abs().max() / size).item() / scale for other in (expected, control)]
    return Instance(part="formula", arm=arm, error=errors[0], control_error=errors[1], value=found.abs().max().item())


def _central_differences(images: Tensor, masks: Tensor, step: float = 1e-5) -> Tensor:
    found = torch.zeros_like(images)
    for row in range(images.shape[0]):
        for column in range(images.shape[1]):
            moved = torch.zeros_like(images)
            moved[row, column] = step
            up, down = (soft_dice((images + sign * moved).sigmoid(), masks).sum() for sign in (1, -1))
            found[row, column] = (up - down) / (2 * step)
    return found
