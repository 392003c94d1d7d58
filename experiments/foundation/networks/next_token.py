"""Training a decoder to name the next token of a text, and reading what it expects."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from experiments.foundation.networks import fit


def train(decoder: nn.Module, text: Tensor, *, steps: int, batch_size: int, length: int, lr: float) -> None:
    """Adam on random windows of ``text`` (n,); the rate rises over a tenth of the steps, then falls as a cosine."""
    warm = max(1, steps // 10)
    falling = [max(0.0, (step - warm) / max(1, steps - warm)) for step in range(steps)]
    rates = [lr * min(1.0, (i + 1) / warm) * (1 + math.cos(math.pi * part)) / 2 for i, part in enumerate(falling)]
    losses = (next_token_loss(decoder, random_windows(text, batch_size, length)) for _ in range(steps))
    for _ in fit.steps(torch.optim.Adam(decoder.parameters(), lr), losses, rates=rates, clip=1.0):
        pass


def random_windows(text: Tensor, n: int, length: int) -> Tensor:
    """(n, length + 1) tokens from random places of ``text``."""
    return text[torch.randint(len(text) - length, (n, 1)) + torch.arange(length + 1)]


def next_token_loss(decoder: nn.Module, windows: Tensor) -> Tensor:
    """Mean cross entropy () of every token but the first of ``windows`` (n, length + 1), given those before it."""
    return cross_entropy(decoder(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())


@torch.no_grad()
def log_probabilities(decoder: nn.Module, text: Tensor, length: int) -> Tensor:
    """Of every next token within windows of ``length`` + 1 of ``text``: (windows, length, vocabulary)."""
    windows = text[: len(text) // (length + 1) * (length + 1)].view(-1, length + 1)
    return torch.cat([decoder(batch[:, :-1]).log_softmax(dim=-1) for batch in windows.split(64)])
