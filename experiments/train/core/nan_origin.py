"""A trace of a training step that keeps the first operation which made a NaN or an infinity.

A dispatch mode sees every tensor operation below autograd, of the forward and of the backward pass; hooks tell it in
which module the forward pass is, and which module made the autograd node that runs in the backward pass.
Source: PyTorch, torch.utils._python_dispatch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, cast

from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.utils._python_dispatch import TorchDispatchMode

Kind = Literal["nan", "inf"]
Direction = Literal["forward", "backward", "state"]

UNINITIALIZED = ("aten.empty", "aten.new_empty", "aten.resize", "aten.empty_like", "aten.empty_strided")
"""Operations whose results hold whatever was in memory."""


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

    @property
    def sentence(self) -> str:
        """One line for the user."""
        where = "the loss" if self.module == "loss" else f"module {self.module or '(network)'}"
        inside = f" ({self.node})" if self.node else ""
        given = f", from {'; '.join(self.inputs)}" if self.inputs else ""
        return f"{self.kind} born in {self.operation}{inside}, {self.direction} pass, {where}{given}"


class Tracer(TorchDispatchMode):
    """Sees every operation below autograd and keeps the first origin."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.origin: Origin | None = None
        self.direction: Direction = "forward"
        self._modules: list[str] = []
        self._running = ("loss", "")
        """(module, node) that runs in the backward pass."""

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if self.origin is not None:
            return func(*args, **kwargs)
        given = [tensor for tensor in _flat((args, kwargs)) if isinstance(tensor, Tensor)]
        # an operation in place overwrites its input, so that is looked at before
        before = [kind_of(tensor) for tensor in given] if func._schema.is_mutable else None
        result = func(*args, **kwargs)
        name = f"aten.{func._schema.name.split('::')[1]}"
        born = _worst(kind_of(out) for out in _flat(result) if isinstance(out, Tensor))
        if born is not None and not name.startswith(UNINITIALIZED):
            kinds = before if before is not None else [kind_of(tensor) for tensor in given]
            self._judge(name, born, kinds, given, args, kwargs)
        return result

    def _judge(
        self, name: str, born: Kind, kinds: list[Kind | None], given: list[Tensor], args: Any, kwargs: Any
    ) -> None:
        entered = _worst(kinds)
        if entered is None and born == "inf" and _writes_infinity((args, kwargs)):
            return
        if entered == "nan" or (entered == "inf" and born == "inf"):
            # everything the step made was legal so far, so this came from outside
            if entered == "nan" or any(
                kind == "inf" and not only_negative_infinity(tensor) for kind, tensor in zip(kinds, given, strict=True)
            ):
                self._found("input", entered, given)
            return
        self._found(name, born, given)

    def _found(self, operation: str, kind: Kind, given: list[Tensor]) -> None:
        forward = self.direction == "forward"
        module, node = (self._modules[-1] if self._modules else "loss", "") if forward else self._running
        self.origin = Origin(
            operation=operation,
            module=module,
            direction=self.direction,
            kind=kind,
            node=node,
            inputs=tuple(map(_describe, given)),
        )

    @contextmanager
    def following(self, network: nn.Module) -> Iterator[None]:
        """Know the innermost module while the forward pass runs through ``network``."""
        with ExitStack() as hooks:
            for path, module in network.named_modules():
                for handle in self._hook(path, module):
                    hooks.callback(handle.remove)
            yield

    def _hook(self, path: str, module: nn.Module) -> Iterator[Any]:
        def leave(_: nn.Module, __: object, output: object) -> None:
            for tensor in _flat(output):
                if isinstance(tensor, Tensor):
                    self.tag(tensor)
            self._modules.pop()

        yield module.register_forward_pre_hook(lambda *_: self._modules.append(path))
        yield module.register_forward_hook(leave)

    def tag(self, tensor: Tensor) -> None:
        """Let every new autograd node behind ``tensor`` announce its module when it runs.

        A module tags its nodes when it is left, so inner modules come first and outer ones get what remains.
        """
        module = self._modules[-1] if self._modules else "loss"
        waiting = [tensor.grad_fn]
        while waiting:
            node = waiting.pop()
            if node is None or _notes_of(node).get("watched_by") is self:
                continue
            _notes_of(node)["watched_by"] = self
            node.register_prehook(self._announce(module, node.name().rpartition("::")[2]))
            waiting += [behind for behind, _ in node.next_functions]

    def _announce(self, module: str, name: str) -> Callable[[object], None]:
        def enter(_: object) -> None:
            self._running = (module, name)

        return enter


def _notes_of(node: Node) -> dict[object, object]:
    """A dictionary that lives as long as the autograd node; torch's stub calls the property a method."""
    return cast(dict[object, object], node.metadata)


def kind_of(tensor: Tensor) -> Kind | None:
    """nan, inf or None. isnan and isinf apart: a maximum may ignore NaN."""
    if not (tensor.is_floating_point() or tensor.is_complex()) or tensor.is_meta:
        return None
    tensor = tensor.detach()
    if bool(tensor.isfinite().all()):
        return None
    return "nan" if bool(tensor.isnan().any()) else "inf"


def only_negative_infinity(tensor: Tensor) -> bool:
    return not tensor.is_complex() and not bool((tensor.isnan() | (tensor == math.inf)).any())


def _worst(kinds: Any) -> Kind | None:
    seen = set(kinds)
    return "nan" if "nan" in seen else "inf" if "inf" in seen else None


def _writes_infinity(arguments: Any) -> bool:
    return any(isinstance(value, float) and math.isinf(value) for value in _flat(arguments))


def _flat(value: Any) -> Iterator[Any]:
    """The leaves of nested tuples, lists and mappings."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _describe(tensor: Tensor) -> str:
    shape = f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
    finite = tensor.detach()[tensor.isfinite()] if tensor.is_floating_point() else tensor.new_empty(0)
    return f"{shape} in [{float(finite.min()):.3g}, {float(finite.max()):.3g}]" if finite.numel() else shape
