"""Networks of as many parameters that read a text byte by byte, and what they expect of it."""

from __future__ import annotations

import copy
import math
from typing import Literal

import torch
from torch import Tensor, nn

from experiments.foundation.architectures.llama import SPECIAL, VOCABULARY, Architecture, Attention, Decoder

Arm = Literal["rnn", "gru", "lstm", "transformer"]
CELLS = {"rnn": (nn.RNN, 1), "gru": (nn.GRU, 3), "lstm": (nn.LSTM, 4)}
"""torch's cells, which are faster than cells written out, and their matrices."""
HEADS, LAYERS = 4, 2


class RecurrentReader(nn.Module):
    """Token numbers (n, length) to logits (n, length, vocabulary) of the next token: embedding, cell, linear layer."""

    def __init__(self, cell: Literal["rnn", "gru", "lstm"], hidden: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, hidden)
        self.cell = CELLS[cell][0](hidden, hidden, batch_first=True)
        self.head = nn.Linear(hidden, VOCABULARY, bias=False)

    def forward(self, numbers: Tensor) -> Tensor:
        return self.head(self.cell(self.embed(numbers))[0])


class Backwards(nn.Module):
    """The same network from the end of the text to its beginning: a control, which sees what it names."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, numbers: Tensor) -> Tensor:
        return self.network(numbers.flip(1)).flip(1)


def build(arm: Arm, dim: int) -> nn.Module:
    """The Transformer of width ``dim``, or a recurrent network of as many parameters, to one unit of its state."""
    decoder = Decoder(Architecture(dim, LAYERS, HEADS, HEADS, hidden=8 * dim // 3))
    if arm == "transformer":
        return decoder
    # g matrices over input and over state, two biases each, beside embedding and head: 2 g h^2 + 2 (g + vocabulary) h
    gates = CELLS[arm][1]
    linear = gates + VOCABULARY
    hidden = (math.sqrt(linear**2 + 2 * gates * count(decoder)) - linear) / (2 * gates)
    return RecurrentReader(arm, round(hidden))


def count(network: nn.Module) -> int:
    """Parameters."""
    return sum(parameter.numel() for parameter in network.parameters())


@torch.no_grad()
def bits_per_byte(network: nn.Module, text: Tensor, context: int) -> float:
    """Mean -log2 p of the bytes of ``text`` (n,), each after half a context at least and a whole one at most.

    Windows overlap by half, so that all contexts are judged on the same bytes but for the ends.
    """
    half = context // 2
    windows = text.unfold(0, context + 1, context - half)
    found = [
        -network(part[:, :-1])[:, half:].log_softmax(-1).gather(2, part[:, half + 1 :, None]).double().flatten()
        for part in windows.split(max(1, 4096 // context))
    ]
    return float(torch.cat(found).mean() / math.log(2))


@torch.no_grad()
def sampled(network: nn.Module, starts: Tensor, n: int) -> Tensor:
    """``n`` bytes (m, n) drawn after ``starts`` (m, context), each after as many as there are in a start."""
    text = starts
    for _ in range(n):
        logits = network(text[:, -starts.shape[1] :])[:, -1, len(SPECIAL) :]
        text = torch.cat([text, torch.multinomial(logits.softmax(-1), 1) + len(SPECIAL)], dim=1)
    return text[:, starts.shape[1] :] - len(SPECIAL)


def leak(network: nn.Module, numbers: Tensor) -> float:
    """The largest gradient of a logit at a place by the embedding of a later token, for ``numbers`` (1, length)."""
    kept: list[Tensor] = []
    embedding = next(part for part in network.modules() if isinstance(part, nn.Embedding))
    hook = embedding.register_forward_hook(lambda *called: kept.append(called[-1]))
    logits = network(numbers)
    hook.remove()
    worst = 0.0
    for place in range(numbers.shape[1] - 1):
        (gradient,) = torch.autograd.grad(logits[0, place].square().sum(), kept[0], retain_graph=True)
        in_order = gradient[0].flip(0) if isinstance(network, Backwards) else gradient[0]
        worst = max(worst, float(in_order[place + 1 :].abs().max()))
    return worst


def unmasked(network: nn.Module) -> nn.Module:
    """A control that sees what it names: a copy without its mask, or reading from the end where it has none."""
    blind = copy.deepcopy(network)
    attentions = [part for part in blind.modules() if isinstance(part, Attention)]
    for attention in attentions:
        attention.causal = False
    return blind if attentions else Backwards(blind)
