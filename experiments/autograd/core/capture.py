"""A model with a data-dependent branch, and four ways to capture a model as a graph.

Source: PyTorch documentation of torch.jit.trace, torch.export and torch.compile.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Literal

import torch
from torch import Tensor

Way = Literal["eager", "torch.jit.trace", "torch.export", "torch.compile"]


class Branching(torch.nn.Module):
    """x * 2 where the entries of x sum to more than 0, else x - 1.

    >>> Branching()(torch.tensor([1.0, 2.0])).tolist(), Branching()(torch.tensor([-3.0, -3.0])).tolist()
    ([2.0, 4.0], [-4.0, -4.0])
    """

    def forward(self, x: Tensor) -> Tensor:
        """x of any shape in, the same shape out."""
        if x.sum() > 0:
            return x * 2
        return x - 1


def capture(way: Way, model: torch.nn.Module, example: Tensor) -> Callable[[Tensor], Tensor]:
    """What ``way`` makes of a model that it sees with an example input; it may refuse with any exception."""
    match way:
        case "eager":
            return model
        case "torch.jit.trace":
            return torch.jit.trace(model, example)
        case "torch.export":
            return torch.export.export(model, (example,)).module()
        case "torch.compile":
            torch.compiler.reset()
            return torch.compile(model, backend="eager")


def graph_breaks(model: torch.nn.Module, example: Tensor) -> int:
    """Places where torch.compile falls back to Python."""
    import torch._dynamo as dynamo

    dynamo.reset()
    return int(dynamo.explain(model)(example).graph_break_count)


@contextlib.contextmanager
def quiet() -> Iterator[list[warnings.WarningMessage]]:
    """Collect warnings; keep torch's log of a failed export off the terminal."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("always")
            yield caught
    finally:
        logging.disable(before)
