"""Images as flat vectors, split by seed into training, validation and test: what small studies train on.

The images of both parts of a data set are pooled and split anew, so that every seed has other images in every part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from experiments.lab.errors import InputError

FlatSetName = Literal["digits", "fashion", "mnist"]
"""Gray images; none is replaced by another."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Inputs (n, features) in [0, 1] and labels (n,)."""

    inputs: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, n: int) -> Part:
        return Part(inputs=self.inputs[:n], labels=self.labels[:n])


@dataclass(frozen=True, kw_only=True)
class Splits:
    name: str
    """The data set."""
    train: Part
    validation: Part
    test: Part
    classes: int

    @property
    def features(self) -> int:
        return self.train.inputs.shape[1]

    @property
    def side(self) -> int:
        """Pixels per row of an image."""
        return round(self.features**0.5)


def split_images(dataset: FlatSetName, seed: int, *, train: int, validation: int = 0, test: int) -> Splits:
    """A random ``train``, ``validation`` and ``test`` images of ``dataset``.

    Raises:
        InputError: the data set is not there, or has fewer images.
    """
    from experiments.foundation.datasets.images import load_images

    data = load_images(dataset, seed=seed)
    available = len(data.train_images) + len(data.test_images)
    if train + validation + test > available:
        raise InputError(
            f"expected at most {available} images of {dataset}, got {train} + {validation} + {test} for training, "
            "validation and test; ask for fewer or take another data set"
        )
    images = torch.cat([torch.from_numpy(data.train_images), torch.from_numpy(data.test_images)])
    labels = torch.cat([torch.from_numpy(data.train_labels), torch.from_numpy(data.test_labels)])
    order = torch.randperm(available, generator=torch.Generator().manual_seed(seed))
    sizes = (train, validation, test, available - train - validation - test)
    parts = [
        Part(inputs=images[chosen].flatten(1).float() / data.max_value, labels=labels[chosen])
        for chosen in order.split(sizes)[:3]
    ]
    return Splits(name=data.name, train=parts[0], validation=parts[1], test=parts[2], classes=len(data.classes))
