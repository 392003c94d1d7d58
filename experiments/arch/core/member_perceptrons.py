"""Perceptrons for tables trained side by side, each with its own rows, width, learning rate and weight decay.

A nested search trains one network per setting and fold. All of them are one computation here: weights lie in one tensor
per layer (members, in, out), and a narrower network is a wide one whose further units are held at 0.

Source: Loshchilov, Hutter: Decoupled Weight Decay Regularization, https://arxiv.org/abs/1711.05101, 2019 (AdamW).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from experiments.arch.core.tabular import Floats, Part, Problem, Score, score, standardized
from experiments.foundation.networks.side_by_side import MemberAdam
from experiments.foundation.networks.timing import reproducible


@dataclass(frozen=True)
class Setting:
    """What is chosen of a perceptron of two hidden layers with ReLU."""

    lr: float
    """AdamW's, which falls linearly to 0."""
    decay: float
    """Of the weights, per unit of lr; biases have none."""
    width: int
    """Units of a hidden layer."""


@dataclass(frozen=True)
class Training:
    """How long every network is trained."""

    steps: int
    batch_size: int = 32
    """Rows of a batch, drawn with replacement."""


class Perceptrons:
    """One network per setting, for inputs (members, n, d) and outputs (members, n, k)."""

    def __init__(self, settings: Sequence[Setting], inputs: int, outputs: int, rng: torch.Generator) -> None:
        widths = torch.tensor([setting.width for setting in settings])
        widest = int(widths.max())
        self.alive = (torch.arange(widest) < widths[:, None]).float()[:, None, :]
        self.weights: list[Tensor] = []
        for layer, (n_in, n_out) in enumerate(pairwise((inputs, widest, widest, outputs))):
            fan_in = torch.full_like(widths, n_in) if layer == 0 else widths
            drawn = torch.randn(len(widths), n_in, n_out, generator=rng) * (2 / fan_in[:, None, None]).sqrt()  # He
            self.weights += [drawn.requires_grad_(), torch.zeros(len(widths), 1, n_out).requires_grad_()]

    def __call__(self, inputs: Tensor) -> Tensor:
        first, second, last = zip(self.weights[::2], self.weights[1::2], strict=True)
        hidden = torch.baddbmm(first[1], inputs, first[0]).relu() * self.alive
        hidden = torch.baddbmm(second[1], hidden, second[0]).relu() * self.alive
        return torch.baddbmm(last[1], hidden, last[0])


def perceptron_scores(
    problem: Problem, settings: Sequence[Setting], parts: Sequence[Part], training: Training, seed: int
) -> list[list[Score]]:
    """How good each setting is on the judged rows of each part, after training on its fitted rows."""
    with reproducible(seed):
        rng = torch.Generator().manual_seed(seed)
        members = [setting for setting in settings for _ in parts]
        columns = [standardized(problem.columns, rows) if problem.scaled else problem.columns for rows, _ in parts]
        centers, spreads = _units(problem, parts)
        inputs = torch.from_numpy(np.stack(columns)).float().repeat(len(settings), 1, 1)
        targets = torch.from_numpy((problem.target - centers) / spreads).float().repeat(len(settings), 1, 1)
        networks = Perceptrons(members, inputs.shape[2], targets.shape[2], rng)
        fitted = [torch.from_numpy(rows) for rows, _ in parts] * len(settings)
        _train(networks, members, inputs, targets, fitted, training, rng, classes=bool(problem.classes))
        with torch.no_grad():
            outputs = networks(inputs)
            predicted = (outputs.softmax(2) if problem.classes else outputs).double().numpy()
    of_settings = predicted.reshape(len(settings), len(parts), *problem.target.shape) * spreads + centers
    return [
        [score(problem, of_part[part[1]], part) for of_part, part in zip(of_parts, parts, strict=True)]
        for of_parts in of_settings
    ]


def _units(problem: Problem, parts: Sequence[Part]) -> tuple[Floats, Floats]:
    """Center and spread (parts, 1, k) of the target's fitted rows, in which the network sees it; none for classes."""
    if problem.classes:
        return np.zeros((len(parts), 1, 1)), np.ones((len(parts), 1, 1))
    seen = [problem.target[rows] for rows, _ in parts]
    return np.stack([[part.mean(0)] for part in seen]), np.stack([[part.std(0) + 1e-12] for part in seen])


def _train(
    networks: Perceptrons,
    members: Sequence[Setting],
    inputs: Tensor,
    targets: Tensor,
    fitted: Sequence[Tensor],
    training: Training,
    rng: torch.Generator,
    *,
    classes: bool,
) -> None:
    """AdamW for every member on batches of its own rows."""
    lrs = torch.tensor([member.lr for member in members])
    decays = torch.tensor([member.decay for member in members])
    counts = torch.tensor([[len(rows)] for rows in fitted])
    rows_of = torch.nn.utils.rnn.pad_sequence(list(fitted), batch_first=True)
    each = torch.arange(len(members))[:, None]
    adam = MemberAdam(networks.weights, lrs.tolist())
    for step in range(training.steps):
        drawn = torch.rand(len(members), training.batch_size, generator=rng)
        batch = rows_of.gather(1, (drawn * counts).long())
        outputs, wanted = networks(inputs[each, batch]), targets[each, batch]
        losses = -(wanted * outputs.log_softmax(2)).sum(2) if classes else (outputs - wanted).square().sum(2)
        gradients = torch.autograd.grad(losses.mean(1).sum(), networks.weights)  # members share no weight
        left = 1 - step / training.steps
        with torch.no_grad():
            for matrix in networks.weights[::2]:
                matrix.mul_(1 - left * (lrs * decays)[:, None, None])
        adam.step(gradients, left)
