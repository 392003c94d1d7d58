"""Where a NaN or an infinity comes from, and what can be seen of a tensor that has one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

Kind = Literal["nan", "inf"]
Direction = Literal["forward", "backward", "state"]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The first operation that made a NaN of numbers, or an infinity of finite ones."""

    operation: str
    """Such as "aten.log"; "input" for a tensor from outside, "update" for a weight that was so before the step."""
    module: str
    """Path of the innermost module, as in ``named_modules``; "" is the network itself, "loss" what follows it."""
    direction: Direction
    """forward, backward, or state: a weight or buffer was not finite before the step."""
    kind: Kind
    """What was born; nan where both were."""
    node: str = ""
    """In the backward pass, the autograd node that ran the operation, such as "SqrtBackward0"."""
    inputs: tuple[str, ...] = ()
    """Type, shape and range of every tensor that went in."""
    place: str = ""
    """File and line of the program that called the operation, in the backward pass the one it is the gradient of."""
    element: str = ""
    """Indices of the first element that is not finite, and the numbers that went in there."""
    path: tuple[str, ...] = ()
    """The operations, with their modules, that carried it on to the loss or to the gradients."""
    drift: str = ""
    """Which gradient had been growing in the steps before."""

    @property
    def sentence(self) -> str:
        """One line for the user."""
        where = "the loss" if self.module == "loss" else f"module {self.module or '(network)'}"
        inside = f" ({self.node})" if self.node else ""
        at = f", {self.place}" if self.place else ""
        given = f", from {'; '.join(self.inputs)}" if self.inputs else ""
        element = f", first {self.element}" if self.element else ""
        before = f"; before, {self.drift}" if self.drift else ""
        return (
            f"{self.kind} born in {self.operation}{inside}, {self.direction} pass, {where}{at}{given}{element}{before}"
        )


def kind_of(tensor: Tensor) -> Kind | None:
    """nan, inf or None. isnan and isinf apart: a maximum may ignore NaN."""
    tensor = values_of(tensor)
    if not (tensor.is_floating_point() or tensor.is_complex()) or tensor.is_meta:
        return None
    if bool(tensor.isfinite().all()):
        return None
    return "nan" if bool(tensor.isnan().any()) else "inf"


def values_of(tensor: Tensor) -> Tensor:
    """The numbers that a tensor stores, whatever its layout."""
    tensor = tensor.detach()
    if tensor.layout is torch.sparse_coo:
        return tensor._values()
    return tensor if tensor.layout is torch.strided else tensor.values()


def first_element(tensor: Tensor, given: list[Tensor]) -> str:
    """Where the first number is that is not finite, and what stood there in the inputs of that shape.

    >>> first_element(torch.tensor([[1.0, torch.inf]]), [torch.tensor([[1.0, 0.0]])])
    'at [0, 1] of 0'
    """
    if tensor.layout is not torch.strided or not tensor.dim():
        return ""
    index = tuple(int(place) for place in (~tensor.detach().isfinite()).nonzero()[0])
    same = [one.detach()[index].item() for one in given if one.shape == tensor.shape and one.layout is torch.strided]
    return f"at {list(index)}" + (f" of {' and '.join(f'{number:.4g}' for number in same)}" if same else "")


def only_negative_infinity(tensor: Tensor) -> bool:
    values = values_of(tensor)
    return not values.is_complex() and not bool((values.isnan() | (values == math.inf)).any())


def worst_kind(kinds: Any) -> Kind | None:
    seen = set(kinds)
    return "nan" if "nan" in seen else "inf" if "inf" in seen else None


def leaves(value: Any) -> Iterator[Any]:
    """The leaves of nested tuples, lists and mappings."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def describe(tensor: Tensor) -> str:
    shape = f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
    values = values_of(tensor)
    finite = values[values.isfinite()] if values.is_floating_point() else values.new_empty(0)
    return f"{shape} in [{float(finite.min()):.3g}, {float(finite.max()):.3g}]" if finite.numel() else shape
