"""Multiply-adds, FLOPs, element-wise operations and parameters of any module, layer by layer, counted while it runs.

    count(network, images).flops            # of one forward pass
    count(network, images, backward=True)   # and of the gradients
    count(ghost(network), shapes.to("meta"))  # from shapes alone: nothing is allocated or computed

Every operation that reaches torch's dispatcher is looked at, whoever calls it: a module, a function, an einsum, a fused
kernel. It has a formula (``flops_products``, ``flops_elementwise``), or it only moves data, or it is listed as not
counted; a total is refused where one of those may cost products. What is counted is what runs: in evaluation without
gradients a network may take fused kernels, and single products otherwise. Work that does not go through the dispatcher,
such as numpy's or that of a library called by ctypes, cannot be seen.
"""

from __future__ import annotations

import copy
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as hooks
from torch.utils._python_dispatch import TorchDispatchMode

from experiments.cnn.core import flops_elementwise
from experiments.cnn.core.flops_products import PRODUCTS, hides_products

BACKWARD = "(backward)"
"""Path of everything that runs in the backward pass."""


class UncountedProductsError(ValueError):
    """A total was asked for that would leave products out."""


@dataclass(frozen=True, kw_only=True)
class LayerCount:
    """What one module costs by itself, without its children."""

    path: str
    """Within the network, such as ``layer1.0.conv2``; empty for the network itself."""
    kind: str
    """Class of the module."""
    operations: tuple[str, ...]
    """What it runs, data movement left out, in the order of first use."""
    macs: int
    """Multiply-adds."""
    elementwise: int
    """Element-wise operations (convention in ``flops_elementwise``)."""
    parameters: int
    """Own parameters; shared ones count in the first module that has them."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """What one pass through a module costs."""

    layers: tuple[LayerCount, ...]
    """In the order of the network; modules that neither compute nor own parameters are left out."""
    uncounted: Mapping[str, int]
    """Operations without a formula, and how often they ran."""

    @property
    def uncounted_products(self) -> tuple[str, ...]:
        return tuple(operation for operation in self.uncounted if hides_products(operation))

    @property
    def counted_macs(self) -> int:
        """Multiply-adds of the operations that have a formula; a lower bound where products went uncounted."""
        return sum(layer.macs for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-adds; raises UncountedProductsError where an operation without a formula may cost products."""
        if self.uncounted_products:
            raise UncountedProductsError(
                f"no total: {', '.join(self.uncounted_products)} may cost products and has no formula; "
                f"{self.counted_macs:,} multiply-adds were counted without it"
            )
        return self.counted_macs

    @property
    def flops(self) -> int:
        """Two for each multiply-add. Raises like ``macs``."""
        return 2 * self.macs

    @property
    def elementwise(self) -> int:
        return sum(layer.elementwise for layer in self.layers)

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)


def count(module: nn.Module, *inputs: Any, backward: bool = False, **options: Any) -> Count:
    """Run ``module(*inputs, **options)`` once, in its present mode, and count what it costs.

    Args:
        module: any module, on any device, meta included.
        backward: also run the backward pass, from gradients of one by every output, and count it under ``(backward)``.
            Gradients that were there before are there afterwards.
        inputs, options: its arguments.

    In training mode running statistics move as in any pass; count a ``ghost`` to leave a module as it is.

    >>> count(nn.Linear(3, 4), torch.zeros(5, 3)).flops
    120
    """
    with _Counter() as counter, _kept_gradients([*module.parameters(), *_tensors(inputs), *_tensors(options)]):
        with _entered_modules(module, counter.enter, counter.leave):
            outputs = module(*inputs, **options)
        if backward:
            counter.path = BACKWARD
            differentiable = [tensor for tensor in _tensors(outputs) if tensor.requires_grad]
            torch.autograd.backward(differentiable, [torch.ones_like(tensor) for tensor in differentiable])
    return Count(layers=tuple(_layers(module, counter.spent)), uncounted=dict(counter.uncounted))


def ghost(module: nn.Module) -> nn.Module:
    """A copy on the meta device: it has shapes but no numbers, so a pass through it costs no memory and no time."""
    return copy.deepcopy(module).to("meta")


@dataclass
class _Spent:
    """Costs under one path so far."""

    macs: int = 0
    elementwise: int = 0
    operations: dict[str, None] = field(default_factory=dict)

    def layer(self, path: str, kind: str, parameters: int) -> LayerCount:
        costs = {"macs": self.macs, "elementwise": self.elementwise, "parameters": parameters}
        return LayerCount(path=path, kind=kind, operations=tuple(self.operations), **costs)


class _Counter(TorchDispatchMode):
    """Looks at every operation that reaches the dispatcher and charges it to the module that is running."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.path = ""
        self.spent: dict[str, _Spent] = {}
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
        packet = function._overloadpacket
        if packet not in PRODUCTS and packet not in flops_elementwise.ELEMENTWISE:
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
        single = flops_elementwise.ELEMENTWISE.get(packet)
        elementwise = single(arguments, out) if single else flops_elementwise.generic(function, arguments, out)
        if packet.__name__ in flops_elementwise.MOVES or (macs, elementwise) == (None, None):
            if not flops_elementwise.moves_only(function):
                self.uncounted[str(packet)] += 1
            return
        if not (macs or elementwise):
            return
        spent = self.spent.setdefault(self.path, _Spent())
        spent.macs += macs or 0
        spent.elementwise += elementwise or 0
        spent.operations.setdefault(packet.__name__.strip("_"))


def _in_order(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """All arguments in the order of the schema, with defaults."""
    rest = function._schema.arguments[len(args) :]
    return [*args, *(kwargs.get(argument.name, argument.default_value) for argument in rest)]


@contextmanager
def _entered_modules(network: nn.Module, enter: Callable[[str], None], leave: Callable[[], None]) -> Iterator[None]:
    """Call ``enter`` with the path of each module of ``network`` that begins its forward pass, ``leave`` at its end.

    The hooks are global ones: hooks of a module's own would keep it from its fused inference path.
    """
    paths = {module: path for path, module in network.named_modules()}

    def before(module: nn.Module, _: Any) -> None:
        if module in paths:
            enter(paths[module])

    def after(module: nn.Module, _: Any, __: Any) -> None:
        if module in paths:
            leave()

    handles = (hooks.register_module_forward_pre_hook(before), hooks.register_module_forward_hook(after))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _kept_gradients(tensors: Sequence[Tensor]) -> Iterator[None]:
    """Start without gradients by the leaves among ``tensors`` and put the old ones back at the end."""
    leaves = [tensor for tensor in tensors if tensor.is_leaf and tensor.requires_grad]
    before = [leaf.grad for leaf in leaves]
    for leaf in leaves:
        leaf.grad = None
    try:
        yield
    finally:
        for leaf, gradient in zip(leaves, before, strict=True):
            leaf.grad = gradient


def _layers(network: nn.Module, spent: Mapping[str, _Spent]) -> Iterator[LayerCount]:
    seen: set[nn.Parameter] = set()
    for path, module in network.named_modules():
        own = set(module.parameters(recurse=False)) - seen
        seen |= own
        if own or path in spent:
            yield spent.get(path, _Spent()).layer(path, type(module).__name__, sum(p.numel() for p in own))
    if BACKWARD in spent:
        yield spent[BACKWARD].layer(BACKWARD, "", 0)


def _tensors(value: Any) -> Iterator[Tensor]:
    """All tensors within a result of tuples, lists and dictionaries."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors(part)
