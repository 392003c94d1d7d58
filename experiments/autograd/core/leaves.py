"""Which tensors keep .grad after backward: torch is asked, case by case, with a loss that depends on the tensor.

Knows nothing of graphs beyond ``is_leaf``, ``requires_grad`` and ``.grad``. All cases run on the CPU; a copy to
another device is a copy like the one to another type.
Source: PyTorch documentation, torch.Tensor.is_leaf and torch.Tensor.retain_grad.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Tried:
    """One tensor after backward."""

    case: str
    is_leaf: bool
    requires_grad: bool
    keeps_grad: bool


def _retained(x: Tensor) -> Tensor:
    y = x * 2
    y.retain_grad()
    return y


def _without_grad(x: Tensor) -> Tensor:
    with torch.no_grad():
        return x * 2


CREATED: dict[str, Callable[[], Tensor]] = {
    "torch.tensor([1.])": lambda: torch.tensor([1.0]),
    "requires_grad=True": lambda: torch.tensor([1.0], requires_grad=True),
    "nn.Parameter": lambda: torch.nn.Parameter(torch.tensor([1.0])),
    "requires_grad=True, then .to(float32), its own type": lambda: _source().to(torch.float32),
    "requires_grad=True, then .to(float64)": lambda: _source().to(torch.float64),
    "requires_grad=True, then * 2": lambda: _source() * 2,
}
"""Tensors that a user would call directly created."""

COMPUTED: dict[str, Callable[[], Tensor]] = {
    "x * 2": lambda: _source() * 2,
    "x * 2 and retain_grad()": lambda: _retained(_source()),
    "x * 2 of an x without requires_grad": lambda: torch.tensor([1.0]) * 2,
    "x * 2 under no_grad": lambda: _without_grad(_source()),
    "(x * 2).detach()": lambda: (_source() * 2).detach(),
}
"""Results of an operation."""


def try_all(cases: dict[str, Callable[[], Tensor]]) -> list[Tried]:
    """Each tensor after backward from sum(tensor * w), where w requires a gradient so that backward always runs."""
    return [_try(case, make()) for case, make in cases.items()]


def _source() -> Tensor:
    return torch.tensor([1.0], requires_grad=True)


def _try(case: str, tensor: Tensor) -> Tried:
    weight = torch.ones(1, requires_grad=True)
    (tensor * weight).sum().backward()
    with warnings.catch_warnings():  # reading .grad of a non-leaf warns; the warning is what the claim is about
        warnings.filterwarnings("ignore", message="The .grad attribute of a Tensor that is not a leaf")
        kept = tensor.grad is not None
    return Tried(case=case, is_leaf=tensor.is_leaf, requires_grad=tensor.requires_grad, keeps_grad=kept)
