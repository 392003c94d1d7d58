"""Loss scaling: gradients of a loss times 2^k, divided by 2^k again, and what the dynamic scaler does on overflow.

Multiplying by a power of two changes the exponent alone, so in a format that neither over- nor underflows the scaled
gradient divided by the scale is the gradient bit by bit.
Source: Micikevicius et al., Mixed Precision Training, https://arxiv.org/abs/1710.03740, 2018; torch.amp.GradScaler.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


def tanh_network(features: int, width: int, depth: int) -> nn.Sequential:
    """A regression network whose gradients are small where the loss is."""
    layers: list[nn.Module] = []
    for k in range(depth):
        layers += [nn.Linear(features if k == 0 else width, width), nn.Tanh()]
    return nn.Sequential(*layers, nn.Linear(width, 1))


def gradients(
    network: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    *,
    loss_factor: float = 1.0,
    scale: float = 1.0,
    compute: torch.dtype | None = None,
) -> Tensor:
    """All gradients (parameters,) of loss_factor * mse in float32, computed on ``scale`` times the loss, divided by it.

    With ``compute`` the products are in that type (autocast on the CPU).
    """
    network.zero_grad()
    with torch.autocast("cpu", compute or torch.bfloat16, enabled=compute is not None):
        predictions = network(inputs)
    loss = nn.functional.mse_loss(predictions.float(), targets) * loss_factor
    (loss * scale).backward()
    return torch.cat([p.grad.flatten() / scale for p in network.parameters() if p.grad is not None])


def exponent_shares(values: Tensor, low: int, high: int) -> dict[int, float]:
    """Share of all ``values`` with |value| in [2^e, 2^(e+1)) for e from ``low`` to ``high``; outliers at the ends."""
    exponents = values[values != 0].abs().double().log2().floor().clamp(low, high).int()
    counts = torch.bincount(exponents - low, minlength=high - low + 1)
    return {low + i: float(count) / values.numel() for i, count in enumerate(counts)}


@dataclass(frozen=True, kw_only=True)
class ScalerStep:
    """What one step of the dynamic scaler did."""

    weights_changed: bool
    scale_factor: float
    """Scale after the step / before."""


def scaler_step(weight: Tensor, gradient: Tensor, initial_scale: float) -> ScalerStep:
    """One SGD step of ``weight`` (n,) through torch's GradScaler with the unscaled ``gradient`` (n,)."""
    p = nn.Parameter(weight.clone())
    optimizer = torch.optim.SGD([p], lr=1.0)
    scaler = torch.amp.GradScaler("cpu", init_scale=initial_scale)
    loss = scaler.scale((p * gradient).sum())
    loss.backward()
    scaler.step(optimizer)
    scaler.update()
    return ScalerStep(
        weights_changed=not torch.equal(p.detach(), weight), scale_factor=scaler.get_scale() / initial_scale
    )
