"""Clipping of gradients by value and by norm, written out, and statements about it beside torch's.

    by value:  g_i <- min(max(g_i, -limit), limit)
    by norm:   g   <- g min(1, limit / (|g| + 1e-6)),  |g| the norm over all tensors together

Functions return new tensors. Source: Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks,
2013; documentation of torch.nn.utils.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from experiments.foundation.statements.trial import Trial

Place = Literal["none", "before_step", "after_step", "scaled"]


def total_norm(gradients: Sequence[Tensor], norm_type: float = 2.0) -> float:
    """The p-norm of all gradients as one vector; p = inf for the largest magnitude."""
    return float(torch.linalg.vector_norm(_flat(gradients), norm_type))


def clip_by_norm(gradients: Sequence[Tensor], limit: float, norm_type: float = 2.0) -> list[Tensor]:
    """All gradients times min(1, limit / (total norm + 1e-6)): the direction is kept.

    Raises:
        ValueError: the limit is not positive.
    """
    _check(limit)
    factor = min(1.0, limit / (total_norm(gradients, norm_type) + 1e-6))
    return [gradient * factor for gradient in gradients]


def clip_by_value(gradients: Sequence[Tensor], limit: float) -> list[Tensor]:
    """Every entry moved into [-limit, limit]: the direction turns.

    Raises:
        ValueError: the limit is not positive.
    """
    _check(limit)
    return [gradient.clamp(-limit, limit) for gradient in gradients]


def norm_trials(rng: torch.Generator, limit: float) -> Iterator[Trial]:
    """clip_grad_norm_ of torch on three random tensors; the control clips each tensor by its own norm."""
    gradients = [torch.randn(shape, generator=rng, dtype=torch.float64) * 3 for shape in ((4, 3), (5,), (2, 2))]
    parameters = [nn.Parameter(torch.zeros_like(gradient)) for gradient in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient.clone()
    returned = float(nn.utils.clip_grad_norm_(parameters, limit))
    clipped = [parameter.grad for parameter in parameters if parameter.grad is not None]
    alone = [clip_by_norm([gradient], limit)[0] for gradient in gradients]
    witness = f"|g| = {returned:.4g} before, {total_norm(clipped):.4g} after, limit {limit:g}"
    formula = clip_by_norm(gradients, limit)
    yield Trial(
        part="norm",
        case="formula with one total norm",
        error=_distance(clipped, formula),
        control_error=_distance(alone, formula),
        witness=witness,
    )
    yield Trial(
        part="norm",
        case="at most the limit",
        error=max(total_norm(clipped) - limit, 0.0),
        control_error=max(total_norm(alone) - limit, 0.0),
        witness=witness,
    )
    before = total_norm(gradients)
    yield Trial(
        part="norm",
        case="returns the norm before",
        error=abs(returned - before),
        control_error=abs(total_norm(clipped) - before),
        witness=witness,
    )
    small = [gradient * (0.5 * limit / before) for gradient in gradients]
    yield Trial(
        part="norm",
        case="unchanged below the limit",
        error=_distance(clip_by_norm(small, limit), small),
        control_error=_distance(formula, gradients),
    )
    valued = clip_by_value(gradients, limit)
    yield Trial(
        part="direction",
        case="by norm",
        error=1 - cosine(gradients, clipped),
        control_error=1 - cosine(gradients, valued),
    )


def value_trial(rng: torch.Generator, limit: float) -> Trial:
    """clip_grad_value_ of torch: entries of the gradient are clamped and parameters untouched; the control clamps the
    parameters."""
    parameter = nn.Parameter(torch.randn(20, generator=rng, dtype=torch.float64) * 3)
    before, gradient = parameter.detach().clone(), torch.randn(20, generator=rng, dtype=torch.float64) * 3
    parameter.grad = gradient.clone()
    nn.utils.clip_grad_value_([parameter], limit)
    expected = clip_by_value([gradient], limit)
    moved = _distance([parameter.detach()], [before])
    return Trial(
        part="value",
        case="clamps gradients, not parameters",
        error=_distance([parameter.grad], expected) + moved,
        control_error=_distance([before.clamp(-limit, limit)], [before]),
    )


def place_trials(rng: torch.Generator, limit: float) -> Iterator[Trial]:
    """One step of sgd with clipping in different places of the loop, from the same weights and gradient."""
    gradient = torch.randn(10, generator=rng, dtype=torch.float64) * 10
    steps = {place: one_step(gradient, limit, place) for place in ("none", "before_step", "after_step")}
    yield Trial(
        part="place",
        case="after the step it does nothing",
        error=_distance([steps["after_step"]], [steps["none"]]),
        control_error=_distance([steps["before_step"]], [steps["none"]]),
    )
    scale = 2.0**16
    scaled = float(one_step(gradient, limit, "scaled", scale).norm())
    yield Trial(
        part="place",
        case="before unscaling it shrinks the step by the scale",
        error=abs(scaled * scale / limit - 1),
        control_error=abs(float(steps["before_step"].norm()) * scale / limit - 1),
        witness=f"step {scaled:.3g} instead of {limit:g}",
    )


def one_step(gradient: Tensor, limit: float, place: Place, scale: float = 1.0) -> Tensor:
    """The change of a parameter (n,) by one step of sgd with learning rate 1 and the loss gradient . parameter.

    ``scaled`` clips the gradient of the loss times ``scale`` and divides by the scale afterwards.
    """
    parameter = nn.Parameter(torch.zeros_like(gradient))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    (gradient @ parameter * scale).backward()
    if place in ("before_step", "scaled"):
        nn.utils.clip_grad_norm_([parameter], limit)
    if parameter.grad is not None:
        parameter.grad /= scale
    optimizer.step()
    if place == "after_step":
        nn.utils.clip_grad_norm_([parameter], limit)
    return parameter.detach()


def cosine(first: Sequence[Tensor], second: Sequence[Tensor]) -> float:
    """Cosine of the angle between two lists of tensors, each as one vector."""
    a, b = _flat(first), _flat(second)
    return float(a @ b / (a.norm() * b.norm()))


def _flat(tensors: Sequence[Tensor]) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors])


def _distance(first: Sequence[Tensor], second: Sequence[Tensor]) -> float:
    return float((_flat(first) - _flat(second)).abs().max())


def _check(limit: float) -> None:
    if not 0 < limit < math.inf:
        raise ValueError(f"expected a positive, finite limit, got {limit}")
