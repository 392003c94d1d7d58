"""Images cut into training, validation and test parts of a small study.

Knows nothing of files: whoever calls it hands over arrays of pixels and labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.lab.errors import InputError


class LabelledImages(Protocol):
    """Pixels (n, h, w) or (n, h, w, c) from 0 to ``max_value`` with labels (n,), for training and for test."""

    @property
    def train_images(self) -> NDArray[np.uint8]: ...
    @property
    def train_labels(self) -> NDArray[np.int64]: ...
    @property
    def test_images(self) -> NDArray[np.uint8]: ...
    @property
    def test_labels(self) -> NDArray[np.int64]: ...


@dataclass(frozen=True, kw_only=True)
class Split:
    """Inputs (n, ...) in float32 and labels (n,) in int64 of the three parts."""

    train_x: Tensor
    train_y: Tensor
    validation_x: Tensor
    validation_y: Tensor
    test_x: Tensor
    test_y: Tensor

    @property
    def classes(self) -> int:
        return max(int(part.max()) for part in (self.train_y, self.validation_y, self.test_y) if len(part)) + 1


def image_split(data: LabelledImages, *, train: int, validation: int, test: int, seed: int) -> Split:
    """Random disjoint parts of the given sizes, as (n, c, h, w) with mean 0 and variance 1 over the training pixels.

    Training and validation images come from ``data``'s training images, test images from its test images.

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
    mean, deviation = float(data.train_images[kept].mean()), float(data.train_images[kept].std()) or 1.0

    def scaled(images: NDArray[np.uint8]) -> Tensor:
        pixels = torch.from_numpy(np.ascontiguousarray(images)).float().sub_(mean).div_(deviation)
        return (pixels.unsqueeze(3) if pixels.dim() == 3 else pixels).permute(0, 3, 1, 2).contiguous()

    return Split(
        train_x=scaled(data.train_images[kept]),
        train_y=torch.from_numpy(data.train_labels[kept]),
        validation_x=scaled(data.train_images[held]),
        validation_y=torch.from_numpy(data.train_labels[held]),
        test_x=scaled(data.test_images[tested]),
        test_y=torch.from_numpy(data.test_labels[tested]),
    )
