"""Clipping of gradients by value and by norm, written out.

    by value:  g_i <- min(max(g_i, -limit), limit)
    by norm:   g   <- g min(1, limit / (|g| + 1e-6)),  |g| the norm over all tensors together

Functions return new tensors. Source: Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks,
2013; documentation of torch.nn.utils.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

Place = Literal["none", "before_step", "after_step", "scaled"]


def total_norm(gradients: Sequence[Tensor], norm_type: float = 2.0) -> float:
    """The p-norm of all gradients as one vector; p = inf for the largest magnitude."""
    return float(torch.linalg.vector_norm(_flat(gradients), norm_type))


def clip_by_norm(gradients: Sequence[Tensor], limit: float, norm_type: float = 2.0) -> list[Tensor]:
    """All gradients times min(1, limit / (total norm + 1e-6)): the direction is kept.

    >>> clip_by_norm([torch.tensor([30.0, 40.0])], 1.0)
    [tensor([0.6000, 0.8000])]

    Raises:
        ValueError: the limit is not positive.
    """
    _check(limit)
    factor = min(1.0, limit / (total_norm(gradients, norm_type) + 1e-6))
    return [gradient * factor for gradient in gradients]


def clip_by_value(gradients: Sequence[Tensor], limit: float) -> list[Tensor]:
    """Every entry moved into [-limit, limit]: the direction turns.

    >>> clip_by_value([torch.tensor([30.0, -0.5])], 1.0)
    [tensor([ 1.0000, -0.5000])]

    Raises:
        ValueError: the limit is not positive.
    """
    _check(limit)
    return [gradient.clamp(-limit, limit) for gradient in gradients]


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


def largest_difference(first: Sequence[Tensor], second: Sequence[Tensor]) -> float:
    """Largest absolute difference of two lists of tensors, entry by entry."""
    return float((_flat(first) - _flat(second)).abs().max())


def _check(limit: float) -> None:
    if not 0 < limit < math.inf:
        raise ValueError(f"expected a positive, finite limit, got {limit}")
