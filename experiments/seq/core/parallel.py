"""What attention computes in parallel: a known sequence at once, a generated one step by step.

Errors are largest absolute differences in float64 of hidden states of order 1.
Source: Vaswani et al.: Attention Is All You Need, NeurIPS 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from experiments.seq.core.memory import Attention


@dataclass(frozen=True)
class ParallelCheck:
    """One statement, how far it is off, and an object that must be off."""

    case: str
    error: float
    control_error: float


class CountingCalls(nn.Module):
    """A network that counts its forward passes."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.calls = 0

    def forward(self, inputs: Tensor) -> Tensor:
        """What the network gives, counted."""
        self.calls += 1
        return self.network(inputs)


def all_at_once(length: int, hidden: int, generator: torch.Generator) -> ParallelCheck:
    """Causal attention over a whole sequence against one pass per prefix; the control attends to the future too."""
    inputs = torch.randn(2, length, 5, generator=generator, dtype=torch.float64)
    causal = Attention(5, hidden).double().eval()
    open_ended = Attention(5, hidden, causal=False).double().eval()
    return ParallelCheck("reading a known sequence", _prefix_error(causal, inputs), _prefix_error(open_ended, inputs))


def permuted(length: int, hidden: int, generator: torch.Generator) -> ParallelCheck:
    """Attention without positions and mask: permuting the input permutes the output; the control knows positions."""
    inputs = torch.randn(2, length, 5, generator=generator, dtype=torch.float64)
    order = torch.arange(length).roll(1)
    blind = Attention(5, hidden, causal=False, positional=False).double().eval()
    seeing = Attention(5, hidden, causal=False).double().eval()
    errors = [_permutation_error(network, inputs, order) for network in (blind, seeing)]
    return ParallelCheck("without positions, permuted", *errors)


def generated(length: int, hidden: int, generator: torch.Generator) -> tuple[ParallelCheck, int]:
    """Making a sequence in one pass, blanks standing for what is not known yet, against making it step by step.

    Every symbol is a function of the hidden state before it. The second value counts the passes that depend on
    each other when it is made step by step. The control reads the finished sequence in one pass backwards in time,
    which no order of making it gives.
    """
    network, answer = CountingCalls(Attention(5, hidden).double().eval()), nn.Linear(hidden, 5).double()
    made = torch.randn(1, 1, 5, generator=generator, dtype=torch.float64)
    blanks = torch.zeros(1, length - 1, 5, dtype=torch.float64)
    with torch.no_grad():
        at_once = network.network(torch.cat([made, blanks], dim=1))
        while made.shape[1] < length:
            chosen = answer(network(made)[:, -1]).argmax(dim=1)
            made = torch.cat([made, nn.functional.one_hot(chosen, 5).double()[:, None]], dim=1)
        states = network(made)
        backwards = network.network(made.flip(1)).flip(1)
    errors = [float((found - states).abs().max()) for found in (at_once, backwards)]
    return ParallelCheck("generating a sequence", *errors), network.calls


def _prefix_error(network: nn.Module, inputs: Tensor) -> float:
    with torch.no_grad():
        whole = network(inputs)
        single = torch.stack([network(inputs[:, : t + 1])[:, -1] for t in range(inputs.shape[1])], dim=1)
    return float((whole - single).abs().max())


def _permutation_error(network: nn.Module, inputs: Tensor, order: Tensor) -> float:
    with torch.no_grad():
        return float((network(inputs[:, order]) - network(inputs)[:, order]).abs().max())
