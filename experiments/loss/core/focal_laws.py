"""What follows from the formula of focal loss: weights, gradients, and arithmetic that does not overflow.

Source: Lin et al.: Focal Loss for Dense Object Detection, ICCV 2017, section 3 and appendix.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from scipy.optimize import brentq, minimize_scalar
from torch import Tensor

from experiments.loss.core.classification import binary_cross_entropy, focal, focal_gradient_ratio
from experiments.loss.core.properties import Instance

Loss = Callable[[Tensor, Tensor], Tensor]
GAMMAS = (0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, kw_only=True)
class GradientInstance(Instance):
    """The gradient of focal loss over that of cross-entropy, in the logit, at one probability of the true class."""

    probability: float


def instances() -> Iterator[Instance]:
    """Every law of this module, tried, and the curve of the gradient with its peak."""
    yield from weight_instances()
    yield from decay_instances()
    yield from stability_instances()
    yield from gradient_instances()


def gradient_instances() -> Iterator[Instance]:
    """The curve for each gamma, and its largest value with the probability above which it is below 1."""
    for gamma in GAMMAS:
        for p in torch.linspace(0.01, 0.99, 50, dtype=torch.float64):
            found = focal_gradient_ratio(p, gamma).item()
            yield GradientInstance(
                part="gradient", arm=f"gamma {gamma:g}", error=math.nan, probability=p.item(), value=found
            )
        peak, where, crossing = gradient_peak(gamma)
        words = f"largest {peak:.4f} at p = {where:.3f}, below 1 from p = {crossing:.4f}"
        yield GradientInstance(
            part="peak", arm=f"gamma {gamma:g}", error=math.nan, probability=crossing, value=peak, witness=words
        )


def weight_instances() -> Iterator[Instance]:
    """FL / CE = (1 - p)^gamma. Control: the exponent one larger."""
    probability = torch.tensor([0.01, 0.1, 0.5, 0.9, 0.968, 0.999], dtype=torch.float64)
    logits, ones = torch.logit(probability), torch.ones_like(probability)
    for gamma in GAMMAS:
        ratio = focal(logits, ones, gamma=gamma) / binary_cross_entropy(logits, ones)
        for p, found in zip(probability.tolist(), ratio.tolist(), strict=True):
            expected, wrong = (1 - p) ** gamma, (1 - p) ** (gamma + 1)
            yield Instance(
                part="weight",
                arm=f"gamma {gamma:g}",
                error=abs(found / expected - 1),
                control_error=abs(found / wrong - 1),
                value=found,
                witness=f"p = {p:g}: CE / FL = {1 / found:.6g}",
            )


def decay_instances() -> Iterator[Instance]:
    """The weight never rises with p. Control: p^gamma."""
    p = torch.linspace(0.001, 0.999, 500, dtype=torch.float64)
    for gamma in GAMMAS:
        rise, control = ((w[1:] - w[:-1]).clamp_min(0).max().item() for w in ((1 - p) ** gamma, p**gamma))
        yield Instance(part="decay", arm=f"gamma {gamma:g}", error=rise, control_error=control)


def stability_instances() -> Iterator[Instance]:
    """Without gamma and with alpha 1/2 it is CE / 2, also at logits of +-100 in float32, with finite gradients.

    Control: the formula as it is written, with log(sigmoid(z)).
    """
    for z in (-100.0, -10.0, 0.0, 10.0, 100.0):
        for target in (0.0, 1.0):
            error = _half_cross_entropy_error(z, target, lambda x, t: focal(x, t, gamma=0.0, alpha=0.5))
            yield Instance(
                part="stability",
                arm=f"z {z:g}, t {target:g}",
                error=max(error, _unbounded_gradient(z, target)),
                control_error=_half_cross_entropy_error(z, target, _naive_half_focal),
            )


def gradient_peak(gamma: float) -> tuple[float, float, float]:
    """(largest |dFL/dz| / |dCE/dz|, the p where it is, the p above which the ratio is below 1)."""

    def ratio(p: float) -> float:
        return focal_gradient_ratio(torch.tensor(p, dtype=torch.float64), gamma).item()

    peak = minimize_scalar(lambda p: -ratio(p), bounds=(1e-9, 0.9), method="bounded", options={"xatol": 1e-12})
    crossing = brentq(lambda p: ratio(p) - 1, peak.x, 1 - 1e-9)
    return -float(peak.fun), float(peak.x), float(crossing)


def _half_cross_entropy_error(z: float, target: float, loss: Loss) -> float:
    logit, truth = torch.tensor([z]), torch.tensor([target])
    found, expected = loss(logit, truth).item(), binary_cross_entropy(logit, truth).item() / 2
    return abs(found - expected) / max(expected, 1e-6) if math.isfinite(found) else math.inf


def _unbounded_gradient(z: float, target: float) -> float:
    """0 if the gradient of focal loss with gamma 2 is finite, else infinity."""
    logit = torch.tensor([z], requires_grad=True)
    focal(logit, torch.tensor([target])).sum().backward()
    return 0.0 if logit.grad is not None and bool(torch.isfinite(logit.grad).all()) else math.inf


def _naive_half_focal(logits: Tensor, targets: Tensor) -> Tensor:
    p = torch.sigmoid(logits)
    return -0.5 * (targets * torch.log(p) + (1 - targets) * torch.log(1 - p))
