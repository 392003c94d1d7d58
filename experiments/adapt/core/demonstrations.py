"""Demonstrations: a prompt and its answer as tokens, and which of the next tokens a loss counts.

A sequence of n tokens has n - 1 next tokens: position i predicts token i + 1, so the answer's first token is predicted
at the prompt's last position, and the mask of the answer is shifted by one. What is not counted has the label IGNORED,
which torch's cross entropy leaves out. Batches are padded on the right, which no earlier position sees in a causal
network; so the bytes that it finds most probable, after each byte of the right answer, are all right exactly where
greedy decoding would give that answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from experiments.foundation.networks.scores.evaluation import network_logits
from experiments.foundation.networks.split import Examples

IGNORED = -100


@dataclass(frozen=True)
class Demonstration:
    """Tokens of a prompt and of its answer, (n,) each; the answer's last token is what ends it."""

    prompt: Tensor
    answer: Tensor


def labels_of(one: Demonstration, *, masked: bool = True) -> Tensor:
    """The next tokens (n - 1,) that the loss counts: those of the answer, or all of them.

    >>> labels_of(Demonstration(torch.tensor([1, 2]), torch.tensor([3, 4]))).tolist()
    [-100, 3, 4]
    """
    following = torch.cat([one.prompt, one.answer])[1:]
    counted = torch.arange(len(following)) >= len(one.prompt) - 1
    return following.where(counted, torch.tensor(IGNORED)) if masked else following


def examples_of(ones: Sequence[Demonstration], *, masked: bool = True, length: int | None = None) -> Examples:
    """Tokens (n, length) and the labels of the next ones, padded on the right to the longest, or to ``length``."""
    inputs = [torch.cat([one.prompt, one.answer])[:-1] for one in ones]
    longest = max(map(len, inputs)) if length is None else length
    parts = ((inputs, 0), ([labels_of(one, masked=masked) for one in ones], IGNORED))
    tokens, labels = (_padded(rows, value, longest) for rows, value in parts)
    return Examples(tokens, labels)


def _padded(rows: Sequence[Tensor], value: int, length: int) -> Tensor:
    return torch.stack([pad(row, (0, length - len(row)), value=value) for row in rows])


def counted_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross entropy () of logits (n, ..., classes) over the labels (n, ...) that count, each token alike."""
    return cross_entropy(logits.flatten(0, -2), labels.flatten(), ignore_index=IGNORED)


def share_right(network: nn.Module, examples: Examples) -> float:
    """Share of ``examples`` of which every label that counts is the most probable one."""
    found = network_logits(network, examples.inputs).argmax(-1)
    right = (found == examples.labels) | (examples.labels == IGNORED)
    return float(right.reshape(len(examples), -1).all(1).double().mean())


def answered(network: nn.Module, ones: Sequence[Demonstration], batch_size: int) -> tuple[float, float]:
    """Mean loss per token of the answers in nats, and the share of answers of which every token is the most probable.

    Logits of ``batch_size`` demonstrations are held at once.
    """
    loss, right = 0.0, 0.0
    for first in range(0, len(ones), batch_size):
        part = examples_of(ones[first : first + batch_size])
        logits = network_logits(network, part.inputs)
        counted = part.labels != IGNORED
        loss += float(cross_entropy(logits[counted].double(), part.labels[counted], reduction="sum"))
        right += float(((logits.argmax(-1) == part.labels) | ~counted).all(1).sum())
    return loss / sum(len(one.answer) for one in ones), right / len(ones)
