"""What repr.end_to_end can be asked, its images of two halves of the classes, and the networks trained on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    from torch import Tensor

    from experiments.foundation.datasets.images import ImageData
    from experiments.foundation.networks.split import Examples
    from experiments.repr.core.small_cnn import SmallCNN

Floats = NDArray[np.float64]
CLASSES = 5
"""Classes 5 to 9 are told apart; those below serve to learn features."""
Positive = Annotated[float, Field(gt=0)]


@parameters
class Params:
    dataset: GrayImageSetName = "digits"
    """Images of ten classes; auto is MNIST where it is present or can be fetched, else digits."""
    labels: Annotated[tuple[Annotated[int, Field(ge=2, le=5000)], ...], Field(min_length=3)] = (3, 10, 30)
    """Labelled images per class to learn from; the claims read 30 and 100, or the largest number."""
    other_images: Annotated[int, Field(ge=20, le=30_000)] = 400
    """Images of the other five classes, from which separate features are learned."""
    validation_images: Annotated[int, Field(ge=20, le=10_000)] = 150
    """Images by which settings are chosen."""
    test_images: Annotated[int, Field(ge=20, le=20_000)] = 300
    """Test images."""
    width: Annotated[int, Field(ge=2, le=256)] = 8
    """Channels of the first convolution; the second has twice as many, at 9 places."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 40
    """Updates of a network at least."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 4
    """Passes over its images at least: more updates where there are many."""
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 32
    """Images per update."""
    lrs: Annotated[tuple[Positive, ...], Field(min_length=3)] = (1e-3, 3e-3, 1e-2)
    """Adam's learning rates for the network learned as a whole."""
    strengths: Annotated[tuple[Positive, ...], Field(min_length=3)] = (3e-3, 1e-1, 3.0)
    """Strengths of ridge regression for the classifier on separate features; as many as rates."""
    components: Annotated[int, Field(ge=2, le=784)] = 32
    """Of PCA."""
    centroids: Annotated[int, Field(ge=2, le=2000)] = 16
    """Of the k-means of patches."""
    random_halves: Annotated[int, Field(ge=1, le=1000)] = 10
    """Random halves of the channels that are silenced one after the other."""


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    """Images (n, 1, height, width) of the five classes, labelled from 0, and of the others."""

    name: str
    train: Examples
    validation: Examples
    test: Examples
    others: Examples

    @once
    def places(self, per_class: int) -> Tensor:
        """Where the first ``per_class`` images of every class stand among the training images."""
        import torch

        return torch.cat([(self.train.labels == one).nonzero()[:per_class, 0] for one in range(CLASSES)])

    def labelled(self, per_class: int) -> Examples:
        """Those images."""
        from experiments.foundation.networks.split import Examples

        chosen = self.places(per_class)
        return Examples(self.train.inputs[chosen], self.train.labels[chosen])

    @once
    def joint(self, per_class: int, lr: float) -> SmallCNN:
        """Features and classifier learned together."""
        return self._network(self.labelled(per_class), lr)

    @once
    def frozen(self) -> SmallCNN:
        """Learned on the other classes, at the second rate."""
        return self._network(self.others, sorted(self.params.lrs)[1])

    def _network(self, examples: Examples, lr: float) -> SmallCNN:
        from experiments.repr.core.small_cnn import train_cnn

        asked = self.params
        steps = max(asked.steps, asked.epochs * len(examples) // asked.batch_size)
        sizes = {"width": asked.width, "steps": steps, "batch": asked.batch_size}
        return train_cnn(examples, CLASSES, **sizes, lr=lr, seed=self.seed)


def prepare(params: Params, seed: int) -> Images:
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import pooled_split

    if len(params.lrs) != len(params.strengths):
        raise InputError(
            f"strengths: expected as many as lrs, {len(params.lrs)}, got {len(params.strengths)}; "
            "every arm has the same number of trials"
        )
    data = load_images(params.dataset, seed=seed)
    # 1.3 times as many, so that a random draw has enough of every class
    wanted = round(1.3 * CLASSES * max(params.labels))
    sizes = {"train": wanted, "validation": params.validation_images, "test": params.test_images}
    split = pooled_split(of_classes(data, CLASSES, 2 * CLASSES), **sizes, seed=seed)
    others = pooled_split(of_classes(data, 0, CLASSES), train=params.other_images, test=0, seed=seed)
    return Images(
        params=params,
        seed=seed,
        notes=(f"{data.description}; classes 5 to 9 are told apart, 0 to 4 serve to learn features",),
        name=split.name,
        train=maps(split.train, split.shape, others.train),
        validation=maps(split.validation, split.shape, others.train),
        test=maps(split.test, split.shape, others.train),
        others=maps(others.train, split.shape, others.train),
    )


def of_classes(data: ImageData, first: int, end: int) -> ImageData:
    """The images of classes ``first`` to ``end`` - 1, labelled from 0."""
    train, test = ((first <= labels) & (labels < end) for labels in (data.train_labels, data.test_labels))
    return replace(
        data,
        train_images=data.train_images[train],
        train_labels=data.train_labels[train] - first,
        test_images=data.test_images[test],
        test_labels=data.test_labels[test] - first,
    )


def maps(examples: Examples, shape: tuple[int, int, int], like: Examples) -> Examples:
    """Flat images as (n, 1, height, width), on the scale on which the pixels of ``like`` have mean 0 and variance 1."""
    scaled = (examples.inputs - like.inputs.mean()) / like.inputs.std()
    return replace(examples, inputs=scaled.view(-1, *shape))
