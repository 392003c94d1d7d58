"""Rare positives, with the best score that anyone can reach: clouds in the plane of features, and marks in pictures.

A task is two sets of examples (n, d) with targets in {0, 1}. In "clouds" negatives are standard normal and positives
lie in two narrower normal clouds on either side, so the likelihood ratio is known. In "dense" every cell of a 32 x 32
heat map is an example, its features the 5 x 5 pixels around it; one cell holds the center of a "+", others of "x".
Source: Lin et al.: Focal Loss for Dense Object Detection, ICCV 2017, for the setting; the tasks are our own.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

DIM, DISTANCE, WIDTH = 6, 2.5, 0.7
SIZE, REACH, DISTRACTORS = 32, 2, 4
PLUS = torch.tensor([[0, 0, 1, 0, 0], [0, 0, 1, 0, 0], [1, 1, 1, 1, 1], [0, 0, 1, 0, 0], [0, 0, 1, 0, 0]]).float()
CROSS = torch.tensor([[1, 0, 0, 0, 1], [0, 1, 0, 1, 0], [0, 0, 1, 0, 0], [0, 1, 0, 1, 0], [1, 0, 0, 0, 1]]).float()
EASY = 0.3
"""A negative with less probability than this is easy."""

Examples = tuple[Tensor, Tensor]


def clouds(n: int, ratio: int, rng: torch.Generator) -> Examples:
    """n examples (n, 6) with round(n / (ratio + 1)) positives, at least one, and targets (n,)."""
    positives = max(round(n / (ratio + 1)), 1)
    inputs = torch.randn(n, DIM, generator=rng)
    side = 2.0 * torch.randint(2, (positives,), generator=rng) - 1
    inputs[:positives] *= WIDTH
    inputs[:positives, 0] += DISTANCE * side
    targets = (torch.arange(n) < positives).float()
    return inputs, targets


def clouds_likelihood_ratio(inputs: Tensor) -> Tensor:
    """log p(x | positive) - log p(x | negative) (n,) of inputs (n, 6), up to a constant: the best ranking there is."""
    first, rest = inputs[:, 0], inputs[:, 1:].square().sum(1)
    sides = torch.stack([-(first - DISTANCE).square(), -(first + DISTANCE).square()]) / (2 * WIDTH**2)
    return torch.logsumexp(sides, 0) - rest / (2 * WIDTH**2) + (first.square() + rest) / 2


def dense(images: int, noise: float, rng: torch.Generator) -> Examples:
    """Cells (images * 1024, 25) of pictures with one "+", four "x" and normal noise, and targets: 1 at the "+"."""
    pictures = noise * torch.randn(images, SIZE, SIZE, generator=rng)
    targets = torch.zeros(images, SIZE, SIZE)
    for image in range(images):
        for mark in range(1 + DISTRACTORS):
            row, column = (int(i) for i in torch.randint(REACH, SIZE - REACH, (2,), generator=rng))
            window = slice(row - REACH, row + REACH + 1), slice(column - REACH, column + REACH + 1)
            pictures[image][window] += PLUS if mark == 0 else CROSS
            targets[image, row, column] += mark == 0
    patches = functional.unfold(pictures[:, None], 2 * REACH + 1, padding=REACH)  # (images, 25, 1024)
    return patches.transpose(1, 2).reshape(-1, (2 * REACH + 1) ** 2), targets.flatten()


def average_precision(scores: Tensor, targets: Tensor) -> float:
    """Mean precision at the positives, by falling score, of scores (n,) and targets (n,) in {0, 1}, one positive at
    least; that of a random ranking is the share of positives. Equal scores have the precision of the last of them, so
    that no order of the data helps; NaN scores rank last. Detection interpolates instead.

    >>> average_precision(torch.tensor([0.9, 0.8, 0.7]), torch.tensor([1.0, 0.0, 1.0]))  # (1 / 1 + 2 / 3) / 2
    0.8333333333333333
    """
    ranked, order = scores.nan_to_num(-torch.inf).sort(descending=True)
    found = targets[order].double().cumsum(0)
    last_of_equals = torch.cat([ranked[1:] != ranked[:-1], torch.ones(1, dtype=torch.bool)])
    ranks, found = last_of_equals.nonzero()[:, 0] + 1, found[last_of_equals]
    return (found.diff(prepend=torch.zeros(1)) * found / ranks).sum().div(found[-1]).item()


def easy_share(losses: Tensor, probability: Tensor, targets: Tensor) -> float:
    """Share of the sum of ``losses`` (n,) that negatives with probability (n,) below 0.3 make.

    >>> easy_share(torch.ones(4), torch.tensor([0.1, 0.2, 0.4, 0.1]), torch.tensor([0.0, 0.0, 0.0, 1.0]))
    0.5
    """
    easy = (targets == 0) & (probability < EASY)
    return (losses[easy].sum() / losses.sum()).item()
