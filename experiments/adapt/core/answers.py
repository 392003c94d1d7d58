"""What a network of bytes says by itself after a prompt, and whether it has the form of an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from experiments.adapt.core.demonstrations import Demonstration
from experiments.foundation.architectures.llama import SPECIAL
from experiments.foundation.networks.scores.evaluation import evaluating


def greedy(network: nn.Module, prompts: Sequence[Tensor], n: int) -> Tensor:
    """The ``n`` tokens (prompts, n) after each of the prompts (length,), the most probable one every time."""
    ends = torch.tensor([len(prompt) for prompt in prompts])
    rows = torch.arange(len(prompts))
    tokens = pad_sequence([torch.cat([prompt, prompt.new_zeros(n)]) for prompt in prompts], batch_first=True)
    with evaluating(network):
        for step in range(n):  # what lies to the right of a position changes nothing there
            tokens[rows, ends + step] = network(tokens[:, :-1])[rows, ends + step - 1].argmax(-1)
    return torch.stack([tokens[rows, ends + step] for step in range(n)], dim=1)


def well_formed(network: nn.Module, ones: Sequence[Demonstration]) -> float:
    """Share of prompts after which the network says a number or a letter, whichever is due, and ends the line."""
    n = max(len(one.answer) for one in ones)
    said = greedy(network, [one.prompt for one in ones], n) - len(SPECIAL)
    right = 0
    for row, one in zip(said.clamp(0, 255).tolist(), ones, strict=True):
        number = bytes((one.answer[:1] - len(SPECIAL)).tolist()).isdigit()
        right += re.match(rb"[0-9]+\n" if number else rb"[a-z]\n", bytes(row)) is not None
    return right / len(ones)
