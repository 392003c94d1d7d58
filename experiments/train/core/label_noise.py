"""Labels of which some are wrong."""

from __future__ import annotations

import torch
from torch import Tensor


def with_wrong_labels(labels: Tensor, share: float, classes: int, rng: torch.Generator) -> Tensor:
    """A copy of labels (n,) of which round(``share`` n) random ones are another class, uniformly.

    >>> noisy = with_wrong_labels(torch.zeros(10, dtype=torch.int64), 0.3, 5, torch.Generator())
    >>> int((noisy != 0).sum())
    3
    """
    wrong = torch.randperm(len(labels), generator=rng)[: round(share * len(labels))]
    noisy = labels.clone()
    noisy[wrong] = (labels[wrong] + torch.randint(1, classes, (len(wrong),), generator=rng)) % classes
    return noisy
