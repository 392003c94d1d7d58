"""A trace of a training step that keeps the first operation which made a NaN or an infinity, and what carried it on.

A dispatch mode sees every tensor operation below autograd, of the forward and of the backward pass; hooks tell it in
which module the forward pass is, and which module made the autograd node that runs in the backward pass.
Source: PyTorch, torch.utils._python_dispatch.
"""

from __future__ import annotations

import math
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.utils._python_dispatch import TorchDispatchMode

from experiments.train.core.nan_origin import (
    Direction,
    Kind,
    Origin,
    describe,
    first_element,
    kind_of,
    leaves,
    only_negative_infinity,
    worst_kind,
)

UNINITIALIZED = ("aten.empty", "aten.new_empty", "aten.resize")
"""Operations whose results hold whatever was in memory."""
WRITERS = ("full", "fill", "where", "scalar_tensor", "scatter", "index_put", "constant_pad", "lift_fresh", "copy")
"""Parts of the names of operations by which a program writes an infinity down."""
LONGEST_PATH = 12
NOT_OF_THE_USER = (str(Path(torch.__file__).parent), str(Path(__file__).parent))
FRAME = re.compile(r'File "(.+)", line (\d+)')


class Tracer(TorchDispatchMode):
    """Sees every operation below autograd and keeps the first origin.

    Args:
        buffers: storage of every buffer that is not finite, by which module and name it has: an infinity in one is
            legal, a NaN is blamed on it.
    """

    def __init__(self, buffers: Mapping[int, tuple[str, str]] | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.origin: Origin | None = None
        self.direction: Direction = "forward"
        self.path: list[str] = []
        self.suspect: Origin | None = None
        """The first infinity that the program wrote down itself: to blame where nothing else is."""
        self._buffers = buffers or {}
        self._legal: dict[int, torch.UntypedStorage] = {}
        """Storages with infinities that the program wrote down, kept alive so that their addresses stay theirs."""
        self._modules: list[str] = []
        self._running = ("loss", "", "")
        """(module, node, place) that runs in the backward pass."""

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        given = [tensor for tensor in leaves((args, kwargs)) if isinstance(tensor, Tensor)]
        # an operation in place overwrites its input, so that is looked at before
        before = [kind_of(tensor) for tensor in given] if func._schema.is_mutable else None
        result = func(*args, **kwargs)
        name = f"aten.{func._schema.name.split('::')[1]}"
        results = [out for out in leaves(result) if isinstance(out, Tensor)]
        born = worst_kind(map(kind_of, results))
        if born is not None and not name.startswith(UNINITIALIZED):
            kinds = before if before is not None else [kind_of(tensor) for tensor in given]
            if self.origin is None:
                self._judge(name, born, kinds, given, results, (args, kwargs))
            elif worst_kind(kinds) is not None:
                self._follow(name)
        return result

    def _judge(
        self,
        name: str,
        born: Kind,
        kinds: list[Kind | None],
        given: list[Tensor],
        results: list[Tensor],
        arguments: object,
    ) -> None:
        entered = worst_kind(kinds)
        written = any(word in name for word in WRITERS)
        if born == "inf" and written and (entered == "inf" or (entered is None and _names_infinity(arguments))):
            self._allow(results)
            if self.suspect is None and not all(map(only_negative_infinity, results)):
                self.suspect = self._origin(name, born, given, results)
        elif entered == "nan" or (entered == "inf" and born == "inf"):
            # everything the step made was legal so far, so this came from outside
            outside = [one for kind, one in zip(kinds, given, strict=True) if kind == entered and self._is_foreign(one)]
            if outside:
                self.origin = self._state(outside[0]) or self._origin("input", entered, given, outside)
            else:
                self._allow(results)
        else:
            self.origin = self._origin(name, born, given, results)

    def _is_foreign(self, tensor: Tensor) -> bool:
        """Whether its NaN, or its infinity, was neither written down by the program nor is that of a mask or buffer."""
        if kind_of(tensor) == "nan":
            return True
        storage = tensor.untyped_storage()._cdata
        return not (only_negative_infinity(tensor) or storage in self._legal or storage in self._buffers)

    def _allow(self, results: list[Tensor]) -> None:
        for out in results:
            if out.layout is torch.strided and kind_of(out) == "inf":
                storage = out.untyped_storage()
                self._legal[storage._cdata] = storage

    def _state(self, tensor: Tensor) -> Origin | None:
        """The buffer that a NaN came from, if any."""
        owner = self._buffers.get(tensor.untyped_storage()._cdata)
        return owner and Origin(operation="update", module=owner[0], direction="state", kind="nan", inputs=owner[1:])

    def _origin(self, operation: str, kind: Kind, given: list[Tensor], results: list[Tensor]) -> Origin:
        module, node, place = self._running
        if self.direction == "forward":
            module, node, place = self._modules[-1] if self._modules else "loss", "", calling_place()
        bad = next((out for out in results if kind_of(out) is not None), None)
        return Origin(
            operation=operation,
            module=module,
            direction=self.direction,
            kind=kind,
            node=node,
            inputs=tuple(map(describe, given)),
            place=place,
            element="" if bad is None else first_element(bad, given if operation != "input" else []),
        )

    def _follow(self, name: str) -> None:
        module = self._running[0] if self.direction == "backward" else self._modules[-1] if self._modules else "loss"
        step = f"{name.removeprefix('aten.').strip('_')} in {module or '(network)'}"
        if self.path[-1:] != [step] and len(self.path) < LONGEST_PATH:
            self.path.append(step)

    @contextmanager
    def following(self, network: nn.Module) -> Iterator[None]:
        """Know the innermost module while the forward pass runs, and the program's line of every autograd node."""
        with ExitStack() as stack, warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Anomaly Detection has been enabled")
            stack.enter_context(torch.autograd.set_detect_anomaly(True, check_nan=False))
            stack.enter_context(torch.compiler.set_stance("force_eager"))
            for path, module in network.named_modules():
                for handle in self._hook(path, module):
                    stack.callback(handle.remove)
            yield

    def _hook(self, path: str, module: nn.Module) -> Iterator[Any]:
        def leave(_: nn.Module, __: object, output: object) -> None:
            for tensor in leaves(output):
                if isinstance(tensor, Tensor):
                    self.tag(tensor)
            self._modules.pop()

        yield module.register_forward_pre_hook(lambda *_: self._modules.append(path))
        yield module.register_forward_hook(leave)

    def tag(self, tensor: Tensor) -> None:
        """Let every new autograd node before ``tensor`` announce its module when it runs.

        A module tags its nodes when it is left, so inner modules come first and outer ones get what remains.
        """
        module = self._modules[-1] if self._modules else "loss"
        waiting = [tensor.grad_fn]
        while waiting:
            node = waiting.pop()
            if node is None or _notes_of(node).get("watched_by") is self:
                continue
            _notes_of(node)["watched_by"] = self
            node.register_prehook(self._announce(module, node))
            waiting += [before for before, _ in node.next_functions]

    def _announce(self, module: str, node: Node) -> Callable[[object], None]:
        name, stack = node.name().rpartition("::")[2], _notes_of(node).get("traceback_")

        def enter(_: object) -> None:
            self._running = (module, name, _place_in(stack))

        return enter


def calling_place() -> str:
    """File and line of the innermost frame that is neither torch's nor the tracer's."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith((*NOT_OF_THE_USER, "<")):
        frame = frame.f_back
    return f"{_short(frame.f_code.co_filename)}:{frame.f_lineno}"


def _place_in(stack: object) -> str:
    """The same of the traceback that torch keeps with an autograd node."""
    lines = stack if isinstance(stack, list) else []
    frames = [match.groups() for line in lines for match in FRAME.finditer(line)]
    own = [(file, line) for file, line in frames if not file.startswith((*NOT_OF_THE_USER, "<"))]
    return f"{_short(own[-1][0])}:{own[-1][1]}" if own else ""


def _short(file: str) -> str:
    """The path from the working directory where the file is below it."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def _notes_of(node: Node) -> dict[object, object]:
    """A dictionary that lives as long as the autograd node; torch's stub calls the property a method."""
    return cast(dict[object, object], node.metadata)


def _names_infinity(arguments: object) -> bool:
    return any(isinstance(value, float) and math.isinf(value) for value in leaves(arguments))
