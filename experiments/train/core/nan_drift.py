"""What had been growing before a step went wrong: norms of gradients at every step, activations at one step in twenty.

Ranges stay tensors until they are asked for, so that a healthy step waits for no device.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import _disable_current_modes
from torch.utils.hooks import RemovableHandle

from experiments.train.core.nan_origin import leaves, values_of

EVERY = 20
"""Steps from one look at the activations to the next: a look costs a fifth of a small network's step."""
TENFOLD = 10.0
"""Growth beyond which a quantity is named."""


class Drift:
    """Ranges in the last steps of a training of ``network``; activations of modules without children.

    Compiled and scripted networks are looked at by their gradients alone: a hook would have them compiled anew.
    """

    def __init__(self, network: nn.Module, history: int) -> None:
        self.step = -1
        self._gradients: deque[tuple[int, Mapping[str, Tensor]]] = deque(maxlen=history)
        self._activations: deque[tuple[int, Mapping[str, Tensor]]] = deque(maxlen=history)
        self._handles: list[RemovableHandle] = []
        self._seen: dict[str, Tensor] = {}
        self._leaves = (
            {}
            if _is_compiled(network)
            else {name: module for name, module in network.named_modules() if not any(True for _ in module.children())}
        )

    @property
    def is_looking(self) -> bool:
        """Whether this is a step at which activations are looked at."""
        return self.step % EVERY == 0

    def begin(self) -> None:
        """A step begins."""
        self.step += 1
        self._release()
        if self.is_looking:
            self._hook(nullcontext)

    def end(self, gradients: Mapping[str, Tensor]) -> None:
        """A step was finite, with these norms () of gradients."""
        self._gradients.append((self.step, gradients))
        if self._handles:
            self._release()
            self._activations.append((self.step, self._seen))

    @contextmanager
    def replay(self) -> Iterator[None]:
        """Look at the activations of a step that is run again, as far as it comes."""
        self._release()
        self._hook(_disable_current_modes)
        try:
            yield
        finally:
            self._release()
            self._activations.append((self.step, self._seen))

    def sentence(self) -> str:
        """The activations and the gradient that grew most, each where it grew more than tenfold."""
        of = (("activations", self._activations), ("gradient", self._gradients))
        return " and ".join(filter(None, (_growth(noun, list(looks)) for noun, looks in of)))

    def _hook(self, unseen: Callable[[], AbstractContextManager[None]]) -> None:
        self._seen = seen = dict[str, Tensor]()

        def look(name: str, output: object) -> None:
            with unseen():  # a tracer of the replay must not take this for the program's
                for tensor in leaves(output):
                    if isinstance(tensor, Tensor) and tensor.is_floating_point() and tensor.numel():
                        low, high = values_of(tensor).aminmax()
                        seen[name] = torch.maximum(-low, high)

        self._handles = [
            module.register_forward_hook(lambda _, __, output, name=name: look(name, output))
            for name, module in self._leaves.items()
        ]

    def _release(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []


def _is_compiled(network: nn.Module) -> bool:
    return any(
        isinstance(module, torch.jit.ScriptModule) or hasattr(module, "_orig_mod") or module._compiled_call_impl
        for module in network.modules()
    )


def _growth(noun: str, looks: list[tuple[int, Mapping[str, Tensor]]]) -> str:
    """Which of a kind grew most from the first to the last look at which it was finite and not 0."""
    best, said = TENFOLD, ""
    for name in dict.fromkeys(name for _, look in looks for name in look):
        values = [(step, float(look[name])) for step, look in looks if name in look and look[name].isfinite()]
        values = [(step, value) for step, value in values if value > 0]
        if len(values) > 1 and values[-1][1] > best * values[0][1]:
            (first, low), (last, high) = values[0], values[-1]
            best, said = (
                high / low,
                f"the {noun} of {name or '(network)'} grew {high / low:.3g} times in {last - first} steps",
            )
    return said
