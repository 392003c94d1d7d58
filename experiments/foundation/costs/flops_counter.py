"""Multiply-adds, FLOPs, element-wise operations and parameters of any module, layer by layer, counted while it runs.

    count(network, images).flops            # of one forward pass
    count(network, images, backward=True)   # and of the gradients
    count(ghost(network), shapes.to("meta"))  # from shapes alone: nothing is allocated or computed

Every operation that reaches torch's dispatcher is looked at, whoever calls it: a module, a function, an einsum, a fused
kernel. It has a formula (``flops_products``, ``flops_elementwise``), or it only moves or compares numbers
(``flops_free``), or it is listed as not counted, and then a total is refused. What is counted is what runs: in
evaluation without gradients a network may take fused kernels, and single products otherwise. Work that does not go
through the dispatcher, such as numpy's or that of a library called by ctypes, cannot be seen.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as hooks

from experiments.foundation.costs.flops_dispatch import DispatchCounter, Spent
from experiments.foundation.costs.flops_free import costs_no_products

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
    traffic_bytes: int
    """Memory traffic: what its operations read and write at least, each argument and result once."""
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
        return tuple(operation for operation in self.uncounted if not costs_no_products(operation))

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
    def traffic_bytes(self) -> int:
        return sum(layer.traffic_bytes for layer in self.layers)

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
    module = getattr(module, "_orig_mod", module)  # of torch.compile's wrapper the module itself
    eager = torch.compiler.set_stance("force_eager")  # what a compiled program fuses cannot be seen
    with (
        eager,
        DispatchCounter() as counter,
        _kept_gradients([*module.parameters(), *_tensors(inputs), *_tensors(options)]),
    ):
        with _entered_modules(module, counter.enter, counter.leave):
            outputs = module(*inputs, **options)
        if backward:
            counter.path = BACKWARD
            differentiable = [tensor for tensor in _tensors(outputs) if tensor.requires_grad]
            if not differentiable:
                raise ValueError(f"no gradient to ask for: no tensor that needs one in {type(outputs).__name__}")
            torch.autograd.backward(differentiable, [torch.ones_like(tensor) for tensor in differentiable])
    return Count(layers=tuple(_layers(module, counter.spent)), uncounted=dict(counter.uncounted))


def ghost(module: nn.Module) -> nn.Module:
    """A copy on the meta device: it has shapes but no numbers, so a pass through it costs no memory and no time.

    What modules share, such as tied weights, the copy shares too.
    """
    tensors = [*module.parameters(), *module.buffers()]
    tensors += [value for part in module.modules() for value in vars(part).values() if isinstance(value, Tensor)]
    shadows: dict[int, object] = {id(tensor): _shadow(tensor) for tensor in tensors}
    return copy.deepcopy(module, shadows)


def _shadow(tensor: Tensor) -> Tensor:
    empty = torch.empty_like(tensor, device="meta")
    return nn.Parameter(empty, requires_grad=tensor.requires_grad) if isinstance(tensor, nn.Parameter) else empty


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


def _layers(network: nn.Module, spent: Mapping[str, Spent]) -> Iterator[LayerCount]:
    seen: set[nn.Parameter] = set()
    kinds = {path: type(module).__name__ for path, module in network.named_modules()}
    owned = {path: set(module.parameters(recurse=False)) for path, module in network.named_modules()}
    for path, kind in (kinds | ({BACKWARD: ""} if BACKWARD in spent else {})).items():
        own = owned.get(path, set()) - seen
        seen |= own
        if own or path in spent:
            costs = asdict(spent.get(path, Spent()))
            operations, parameters = tuple(costs.pop("operations")), sum(parameter.numel() for parameter in own)
            yield LayerCount(path=path, kind=kind, operations=operations, parameters=parameters, **costs)


def _tensors(value: Any) -> Iterator[Tensor]:
    """All tensors within a result of tuples, lists, dictionaries and dataclasses."""
    if is_dataclass(value) and not isinstance(value, type):
        value = vars(value)
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors(part)
