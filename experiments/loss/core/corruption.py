"""Images and labels made worse: noise, shifts, labels of another class."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Corruption = Literal["gauss", "salt", "shift"]


def corrupt(images: Tensor, corruption: Corruption, severity: float, rng: torch.Generator) -> Tensor:
    """Images (n, h, w) in [0, 1] with normal noise of deviation ``severity``, that share of pixels at 0 or 1, or
    shifted by round(4 * severity) pixels to the right.

    >>> corrupt(torch.tensor([[[0.1, 0.2, 0.3]]]), "shift", 0.25, torch.Generator())
    tensor([[[0.0000, 0.1000, 0.2000]]])
    """
    if corruption == "gauss":
        return (images + severity * torch.randn(images.shape, generator=rng)).clamp(0, 1)
    if corruption == "salt":
        hit = torch.rand(images.shape, generator=rng) < severity
        return torch.where(hit, (torch.rand(images.shape, generator=rng) < 0.5).float(), images)
    shift = round(4 * severity)
    moved = torch.zeros_like(images)
    moved[:, :, shift:] = images[:, :, : images.shape[2] - shift]
    return moved


def noisy_labels(targets: Tensor, share: float, classes: int, rng: torch.Generator) -> Tensor:
    """``targets`` (n,) with that share replaced by another class, drawn evenly.

    >>> noisy_labels(torch.tensor([0, 1, 1]), 1.0, classes=2, rng=torch.Generator())
    tensor([1, 0, 0])
    """
    other = (targets + torch.randint(1, classes, targets.shape, generator=rng)) % classes
    return torch.where(torch.rand(targets.shape, generator=rng) < share, other, targets)
