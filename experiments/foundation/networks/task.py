"""An image data set made ready for training: split, normalized and on its device.

Normalization and validation use training images alone; the test images are only transformed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from experiments.foundation.networks.batches import Examples, Normalization, held_out
from experiments.foundation.networks.choices import NetworkName
from experiments.foundation.networks.distributed import ALONE, Group
from experiments.foundation.networks.loop import Training
from experiments.foundation.networks.networks import ImageShape, build_network
from experiments.foundation.networks.precision import Precision
from experiments.foundation.networks.recipe import Recipe

if TYPE_CHECKING:
    from experiments.foundation.datasets.images import ImageData, Images, Labels


@dataclass(frozen=True, kw_only=True)
class ImageTask:
    """What a network is trained and tested on."""

    train: Examples
    validation: Examples | None
    test: Examples
    shape: ImageShape
    classes: int


def image_task(
    data: ImageData, *, dtype: torch.dtype, device: torch.device, seed: int, validation: float = 0.0
) -> ImageTask:
    """``data`` as tensors, with the share ``validation`` of its training images held out."""
    kept, held = held_out(len(data.train_labels), validation, seed)
    images, labels = data.train_images[kept], data.train_labels[kept]
    normalization = Normalization.fit(images)

    def examples(pixels: Images, targets: Labels) -> Examples:
        return Examples(normalization.apply(pixels, dtype, device), torch.tensor(targets, device=device))

    train = examples(images, labels)
    channels, height, width = train.inputs.shape[1:]
    return ImageTask(
        train=train,
        validation=examples(data.train_images[held], data.train_labels[held]) if len(held) else None,
        test=examples(data.test_images, data.test_labels),
        shape=(channels, height, width),
        classes=len(data.classes),
    )


def begin(
    task: ImageTask, model: NetworkName, recipe: Recipe, *, precision: Precision, seed: int, group: Group = ALONE
) -> Training:
    """A new training of ``model`` on ``task``; ``seed`` decides initial weights, dropout and the order of the
    images."""
    torch.manual_seed(seed)
    network = build_network(model, task.shape, task.classes)
    if group.rank > 0:
        torch.manual_seed(group.seed(seed))  # the same weights, but other dropout masks
    return Training(
        network, task.train, recipe, precision=precision, seed=seed, validation=task.validation, group=group
    )
