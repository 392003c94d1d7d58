"""Labelled images cut into a training, a validation and a test part: one class, four ways to draw it.

| constructor | inputs | parts |
|---|---|---|
| ``image_split`` | (n, c, h, w), standardized by the training pixels | sizes; test from the set's own test part |
| ``whole_split`` | (n, c, h, w), standardized by channel, any type and device | all images; a share held out |
| ``flat_split`` | (n, h w) gray in [0, 1] | sizes; the set's own test part whole |
| ``pooled_split`` | (n, h w) gray in [0, 1] | sizes; both parts of the set pooled and drawn anew |

The first and the third serve small studies whose test images are to be those that others test on; the fourth gives
every seed other images in every part; the second is for trainings on a whole data set. Validation images always come
from those that are not tested on, and no scaling sees them or the test images. Files are read elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from experiments.foundation.networks.batches import Normalization, held_out
from experiments.lab.errors import InputError

if TYPE_CHECKING:
    from experiments.foundation.datasets.images import ImageData, Images, Labels

ImageShape = tuple[int, int, int]
"""(channels, height, width)."""


@dataclass(frozen=True)
class Examples:
    """Inputs (n, ...) and labels (n,), both on one device.

    >>> len(Examples(torch.zeros(5, 2), torch.arange(5)).first(3))
    3
    """

    inputs: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, n: int) -> Examples:
        """The first ``n`` of them, or all where there are fewer."""
        return Examples(self.inputs[:n], self.labels[:n])


@dataclass(frozen=True, kw_only=True)
class Split:
    """Three disjoint parts of one data set; ``validation`` may be empty."""

    train: Examples
    validation: Examples
    test: Examples
    shape: ImageShape
    """(channels, height, width) of the images that the inputs are, flat ones included."""
    classes: int
    name: str
    """The data set that was taken, also where ``auto`` was asked for."""
    description: str
    """One sentence on the data set, for the record."""

    @property
    def features(self) -> int:
        """Numbers per input."""
        return math.prod(self.train.inputs.shape[1:])

    @property
    def flat(self) -> Split:
        """The same with inputs (n, features)."""

        def flattened(part: Examples) -> Examples:
            return Examples(part.inputs.flatten(1), part.labels)

        train, validation, test = (flattened(part) for part in (self.train, self.validation, self.test))
        return replace(self, train=train, validation=validation, test=test)


def image_split(data: ImageData, *, train: int, validation: int, test: int, seed: int) -> Split:
    """Random parts of the given sizes as (n, c, h, w) float32 of mean 0 and variance 1 over the training pixels.

    Training and validation images come from ``data``'s training images, test images from its test images; the order is
    that of numpy's ``default_rng([seed, 20261])``.

    Raises:
        InputError: there are fewer images than asked for.
    """
    rng = np.random.default_rng([seed, 20261])
    if train + validation > len(data.train_labels) or test > len(data.test_labels):
        raise InputError(
            f"expected at most {len(data.train_labels)} images for training and validation and {len(data.test_labels)} "
            f"for test, got {train} + {validation} and {test}; ask for fewer"
        )
    chosen = rng.permutation(len(data.train_labels))[: train + validation]
    kept, held = chosen[:train], chosen[train:]
    tested = rng.permutation(len(data.test_labels))[:test]
    # numbers, not channels: these studies compare networks on one scale and never colors
    mean, deviation = float(data.train_images[kept].mean()), float(data.train_images[kept].std()) or 1.0

    def examples(images: Images, labels: Labels) -> Examples:
        pixels = torch.from_numpy(np.ascontiguousarray(images)).float().sub_(mean).div_(deviation)
        maps = (pixels.unsqueeze(3) if pixels.dim() == 3 else pixels).permute(0, 3, 1, 2).contiguous()
        return Examples(maps, torch.from_numpy(labels))

    return _split(
        data,
        examples(data.train_images[kept], data.train_labels[kept]),
        examples(data.train_images[held], data.train_labels[held]),
        examples(data.test_images[tested], data.test_labels[tested]),
    )


def whole_split(
    data: ImageData, *, seed: int, validation: float = 0.0, dtype: torch.dtype, device: torch.device
) -> Split:
    """All images as (n, c, h, w), channels last in memory; channels have mean 0 and variance 1 over the training part.

    ``validation`` is the share of the training images that ``held_out`` takes away by ``seed``; the set's own test
    part is kept whole and in its order.
    """
    kept, held = held_out(len(data.train_labels), validation, seed)
    images = data.train_images[kept]
    normalization = Normalization.fit(images)

    def examples(pixels: Images, labels: Labels) -> Examples:
        return Examples(normalization.apply(pixels, dtype, device), torch.tensor(labels, device=device))

    return _split(
        data,
        examples(images, data.train_labels[kept]),
        examples(data.train_images[held], data.train_labels[held]),
        examples(data.test_images, data.test_labels),
    )


def flat_split(data: ImageData, *, train: int, validation: int, rng: torch.Generator) -> Split:
    """``validation`` and then ``train`` random training images and all test images, as gray vectors in [0, 1].

    Of the training images there may be fewer than asked for. ``rng`` gives their order by one ``randperm``, so whoever
    draws from it next goes on where the split ended.
    """
    order = torch.randperm(len(data.train_labels), generator=rng)
    tested = torch.arange(len(data.test_labels)) + len(order)
    return _gray_vectors(data, order[validation : validation + train], order[:validation], tested)


def pooled_split(data: ImageData, *, train: int, validation: int = 0, test: int, seed: int) -> Split:
    """Random parts of the given sizes from all images of ``data``, test part included, as gray vectors in [0, 1].

    The order is that of torch's ``randperm`` by ``seed``.

    Raises:
        InputError: there are fewer images than asked for.
    """
    available = len(data.train_labels) + len(data.test_labels)
    if train + validation + test > available:
        raise InputError(
            f"expected at most {available} images of {data.name}, got {train} + {validation} + {test} for training, "
            "validation and test; ask for fewer or take another data set"
        )
    order = torch.randperm(available, generator=torch.Generator().manual_seed(seed))
    sizes = (train, validation, test, available - train - validation - test)
    return _gray_vectors(data, *order.split(sizes)[:3])


def fill_test(data: ImageData, needed: int, test: int, *, seed: int) -> ImageData:
    """``data`` with a test part of ``test`` images, or as many as there are beside the ``needed`` ones for training.

    For sets with few test images, such as digits with 360. Images moved from the training part are chosen at random and
    no longer in it. A test part that is large enough stays as it is.
    """
    spare = min(test - len(data.test_labels), len(data.train_labels) - needed)
    if spare <= 0:
        return data
    order = np.random.default_rng([seed, 43]).permutation(len(data.train_labels))
    moved, kept = order[:spare], order[spare:]
    return replace(
        data,
        train_images=data.train_images[kept],
        train_labels=data.train_labels[kept],
        test_images=np.concatenate([data.test_images, data.train_images[moved]]),
        test_labels=np.concatenate([data.test_labels, data.train_labels[moved]]),
        description=f"{data.description}; {spare} of those for training moved to test",
    )


def _gray_vectors(data: ImageData, train: Tensor, validation: Tensor, test: Tensor) -> Split:
    """Parts by index into the training images followed by the test images."""
    images = torch.cat([torch.from_numpy(data.train_images), torch.from_numpy(data.test_images)])
    labels = torch.cat([torch.from_numpy(data.train_labels), torch.from_numpy(data.test_labels)])

    def examples(chosen: Tensor) -> Examples:
        pixels = images[chosen].float() / data.max_value
        return Examples((pixels.mean(3) if pixels.dim() == 4 else pixels).flatten(1), labels[chosen])

    parts = (examples(train), examples(validation), examples(test))
    return _split(data, *parts, shape=(1, images.shape[1], images.shape[2]))


def _split(
    data: ImageData, train: Examples, validation: Examples, test: Examples, shape: ImageShape | None = None
) -> Split:
    channels, height, width = shape or train.inputs.shape[1:]
    return Split(
        train=train,
        validation=validation,
        test=test,
        shape=(channels, height, width),
        classes=len(data.classes),
        name=data.name,
        description=data.description,
    )
