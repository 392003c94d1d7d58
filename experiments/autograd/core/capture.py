"""A model with a data-dependent branch, captured as a graph in four ways, and what the graph then computes.

The example input takes the branch x * 2. On the other branch the model gives x - 1; a graph that recorded only the
first branch gives x * 2 there. At x = -1 both are -2, so the input that tells them apart has to be another.
Source: PyTorch documentation of torch.jit.trace, torch.export and torch.compile.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Way = Literal["eager", "torch.jit.trace", "torch.export", "torch.compile"]
WAYS: tuple[Way, ...] = ("eager", "torch.jit.trace", "torch.export", "torch.compile")


class Branching(torch.nn.Module):
    """x * 2 where the entries of x sum to more than 0, else x - 1."""

    def forward(self, x: Tensor) -> Tensor:
        """x of any shape in, the same shape out."""
        if x.sum() > 0:
            return x * 2
        return x - 1


@dataclass(frozen=True)
class Captured:
    """What became of one capture."""

    way: Way
    outcome: str
    """"right" on both branches, "wrong" on one, or "refused" with the name of the error."""
    error: float
    """Largest difference to the model over both inputs; nan if there is no graph."""
    warned: bool
    """Whether capturing warned."""
    graph_breaks: int
    """Places where torch.compile fell back to Python; 0 for the other ways."""
    witness: str


def capture(way: Way) -> Captured:
    """Capture ``Branching`` on the positive example and compare it with the model on both branches."""
    model, example, other = Branching(), torch.tensor([1.0, 2.0]), torch.tensor([-3.0, -3.0])
    with _quiet() as caught:
        try:
            graph = _capture(way, model, example)
        except Exception as refusal:  # torch.export raises several types, none of them public
            return Captured(way, f"refused: {type(refusal).__name__}", float("nan"), bool(_telling(caught)), 0, "")
        warned = bool(_telling(caught))
        error = max(float((graph(x) - model(x)).abs().max()) for x in (example, other))
        found, expected = graph(other).tolist(), model(other).tolist()
        breaks = _graph_breaks(model, example) if way == "torch.compile" else 0
    witness = f"captured at {example.tolist()}, the graph gives {found} at {other.tolist()}, the model {expected}"
    return Captured(way, "wrong" if error else "right", error, warned, breaks, witness)


def _capture(way: Way, model: torch.nn.Module, example: Tensor) -> Callable[[Tensor], Tensor]:
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


def _graph_breaks(model: torch.nn.Module, example: Tensor) -> int:
    import torch._dynamo as dynamo

    dynamo.reset()
    return int(dynamo.explain(model)(example).graph_break_count)


def _telling(caught: list[warnings.WarningMessage]) -> list[str]:
    return [str(item.message) for item in caught if item.category.__name__ == "TracerWarning"]


@contextlib.contextmanager
def _quiet() -> Iterator[list[warnings.WarningMessage]]:
    """Collect warnings; keep torch's log of the failed export off the terminal."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("always")
            yield caught
    finally:
        logging.disable(before)
