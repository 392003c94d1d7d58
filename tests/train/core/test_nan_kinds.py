"""Eighteen kinds of faults and legal infinities, which other locators miss, misplace or invent."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, scaled_dot_product_attention, softmax

from experiments.train.core.nan_locator import find_origin

FIRST = torch.tensor([True, False, False, False])
EVERYTHING = torch.ones(4, 4, dtype=torch.bool)


class Wrong(torch.autograd.Function):
    """The identity, with a gradient that divides by zero."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return gradient / (gradient - gradient)


class Part(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def network(function: Callable[[Tensor], Tensor]) -> nn.Module:
    """A layer whose output is 0, 1, 1, 1, then the function, named ``part``, then a layer."""
    first, last = nn.Linear(4, 4), nn.Linear(4, 2)
    nn.init.zeros_(first.weight)
    first.bias.data = torch.tensor([0.0, 1.0, 1.0, 1.0])
    return nn.Sequential(OrderedDict(first=first, part=Part(function), last=last))


def masked_attention(x: Tensor) -> Tensor:
    heads = x[None, None]
    return scaled_dot_product_attention(heads, heads, heads, attn_mask=~EVERYTHING)[0, 0]


FAULTS: dict[str, tuple[Callable[[Tensor], Tensor], str, str]] = {
    "log of 0": (torch.log, "aten.log", "forward"),
    "0 / 0": (lambda x: x / x, "aten.div", "forward"),
    "overflow of exp": (lambda x: (x * 1e3).exp(), "aten.exp", "forward"),
    "overflow in 16 bits": (lambda x: (x.half() * 6e4 * 2).float(), "aten.mul", "forward"),
    "inf - inf": (lambda x: (x + torch.tensor(torch.inf)) - torch.tensor(torch.inf), "aten.sub", "forward"),
    "a product with infinity": (lambda x: x * torch.inf, "aten.mul", "forward"),
    "all masked": (lambda x: softmax(x.masked_fill(EVERYTHING, -torch.inf), -1), "aten._softmax", "forward"),
    "layer norm of equals": (
        lambda x: nn.functional.layer_norm(x * 0, (4,), eps=0.0),
        "aten.native_layer_norm",
        "forward",
    ),
    "square root of 0": (torch.sqrt, "aten.div", "backward"),
    "where and square root": (lambda x: torch.where(x > 0, x.sqrt(), 0), "aten.div", "backward"),
    "length of 0": (lambda x: (x * 0).square().sum(-1, keepdim=True).sqrt() + x, "aten.div", "backward"),
    "power of 0": (lambda x: x**0.5, "aten.pow", "backward"),
    "acos of 1": (torch.acos, "aten.rsqrt", "backward"),
    "a function of the user's": (Wrong.apply, "aten.div", "backward"),
}
LEGAL: dict[str, Callable[[Tensor], Tensor]] = {
    "some masked": lambda x: softmax(x.masked_fill(FIRST, -torch.inf), -1),
    "a mask from outside": lambda x: softmax(x + torch.tensor([0, -torch.inf, 0, 0]), -1),
    "attention all masked, which is 0": masked_attention,
    "two wheres": lambda x: torch.where(x > 0, torch.where(x > 0, x, 1).sqrt(), 0),
}


def origin_of(function: Callable[[Tensor], Tensor]) -> Any:
    torch.manual_seed(0)
    made, targets = network(function), torch.tensor([0, 1, 0, 1])
    return find_origin(made, lambda: cross_entropy(made(torch.ones(4, 4)), targets))


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_named_with_operation_direction_module_and_line(kind: str) -> None:
    function, operation, direction = FAULTS[kind]
    origin = origin_of(function)
    assert (origin.operation, origin.direction, origin.module) == (operation, direction, "part")
    assert "test_nan_kinds.py:" in origin.place


@pytest.mark.parametrize("kind", LEGAL)
def test_a_legal_infinity_is_no_fault(kind: str) -> None:
    assert origin_of(LEGAL[kind]) is None
