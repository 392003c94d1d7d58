"""The images of a study: random parts of a data set, of which some labels may be wrong."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from experiments.foundation.datasets.images import load_images
from experiments.foundation.networks.split import Split, pooled_split

SMALL_POOL = 0.1
"""Share of all images from which on the parts of two seeds have many images in common."""


def draw_images(dataset: str, *, train: int, validation: int = 0, test: int, seed: int) -> Split:
    """``pooled_split`` of the named set; its description says how much of the set every seed draws.

    >>> draw_images("digits", train=100, test=600, seed=0).description.partition("; every")[2]
    ' seed draws 700 of 1,797 images: verdicts are for these 1,797 images'
    """
    data = load_images(dataset, seed=seed)
    split = pooled_split(data, train=train, validation=validation, test=test, seed=seed)
    pool, drawn = len(data.train_labels) + len(data.test_labels), train + validation + test
    about = f": verdicts are for these {pool:,} images" if drawn > SMALL_POOL * pool else ""
    return replace(split, description=f"{split.description}; every seed draws {drawn:,} of {pool:,} images{about}")


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
