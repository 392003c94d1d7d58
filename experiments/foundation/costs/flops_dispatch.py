"""Charges every operation that reaches torch's dispatcher to the module that is running."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch._higher_order_ops.flex_attention import flex_attention
from torch.utils._python_dispatch import TorchDispatchMode, is_traceable_wrapper_subclass

from experiments.foundation.costs.flops_elementwise import ELEMENTWISE, generic
from experiments.foundation.costs.flops_free import MOVES, moves_only
from experiments.foundation.costs.flops_products import PRODUCTS, attention, scores


@dataclass
class Spent:
    """Costs under one path so far."""

    macs: int = 0
    elementwise: int = 0
    traffic_bytes: int = 0
    operations: dict[str, None] = field(default_factory=dict)


class DispatchCounter(TorchDispatchMode):
    """While it is entered, operations are charged to ``path``; those without a formula are listed as uncounted."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.path = ""
        self.spent: dict[str, Spent] = {}
        self.uncounted: Tally[str] = Tally()
        self._outer: list[str] = []

    def enter(self, path: str) -> None:
        self._outer.append(self.path)
        self.path = path

    def leave(self) -> None:
        self.path = self._outer.pop()

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if any(is_traceable_wrapper_subclass(one) for one in args):
            return NotImplemented  # such as a jagged tensor: what it calls on its parts comes back here
        packet = function._overloadpacket
        if packet not in PRODUCTS and packet not in ELEMENTWISE:
            # inference mode shows whole layers such as aten.linear; their parts come back here
            with self:
                parts = function.decompose(*args, **(kwargs or {}))
            if parts is not NotImplemented:
                return parts
        out = function(*args, **(kwargs or {}))
        self._charge(function, _in_order(function, args, kwargs or {}), out)
        return out

    def _charge(self, function: Any, arguments: Sequence[Any], out: Any) -> None:
        packet = function._overloadpacket
        macs = PRODUCTS[packet](arguments, out) if packet in PRODUCTS else None
        elementwise = (
            ELEMENTWISE[packet](arguments, out) if packet in ELEMENTWISE else generic(function, arguments, out)
        )
        unknown = macs is None and (packet in PRODUCTS or elementwise is None)
        if packet.__name__ in MOVES or unknown:
            if not moves_only(function):
                self.uncounted[str(packet)] += 1
            return
        if macs or elementwise:
            self.spend(packet.__name__.strip("_"), macs or 0, elementwise or 0, traffic(arguments, out))

    def spend(self, operation: str, macs: int, elementwise: int, moved: int) -> None:
        """Charge an operation to the module that is running; ``moved`` in bytes."""
        spent = self.spent.setdefault(self.path, Spent())
        spent.macs += macs
        spent.elementwise += elementwise
        spent.traffic_bytes += moved
        spent.operations.setdefault(operation)


@flex_attention.py_impl(DispatchCounter)
def _flex_attention(
    counter: DispatchCounter, query: Tensor, key: Tensor, value: Tensor, *options: Any, **named: Any
) -> Any:
    """Whole scores: outside a compiled program no block is left out."""
    out = flex_attention(query, key, value, *options, **named)
    moved = traffic((query, key, value), out)
    counter.spend("flex_attention", attention(query, key, value), 6 * scores(query, key), moved)
    return out


def traffic(arguments: Sequence[Any], out: Any) -> int:
    """Bytes that an operation reads and writes at least: every argument once and every result once."""
    lists = (value if isinstance(value, list | tuple) else (value,) for value in (*arguments, out))
    tensors = [one for values in lists for one in values if isinstance(one, Tensor)]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors if tensor.layout is torch.strided)


def _in_order(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """All arguments in the order of the schema, with defaults."""
    rest = function._schema.arguments[len(args) :]
    return [*args, *(kwargs.get(argument.name, argument.default_value) for argument in rest)]
