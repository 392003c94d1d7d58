"""What nn.layers can be asked, and the images that its networks are trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from experiments.foundation.networks.split import Split

ROUNDING = 1e-10
"""Sums of up to a thousand terms of order 1 in float64."""
Initialization = Literal["default", "he", "xavier"]


@parameters
class Params:
    depth: Annotated[int, Field(ge=1, le=50)] = 3
    """Hidden layers."""
    width: Annotated[int, Field(ge=2, le=1024)] = 16
    """Units of a hidden layer."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 5
    """Random instances of every statement about a layer; a tenth as many, at least 3, of exclusive or."""
    p: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Probability that dropout drops."""
    init: Annotated[tuple[Initialization, ...], Field(min_length=1)] = ("default", "he")
    """Initial weights of the perceptrons with and without batch normalization."""
    bn_lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=100)], ...], Field(min_length=1)] = (0.03, 0.1, 0.3)
    """Learning rates of gradient descent that both try."""
    bn_steps: Annotated[int, Field(ge=10, le=100_000)] = 30
    """Batches of such a training."""
    bn_target: Annotated[float, Field(gt=0)] = 0.3
    """Training loss to reach, averaged over ten batches."""
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 64
    """Images of such a batch."""
    train_images: Annotated[int, Field(ge=20, le=50_000)] = 500
    """Images to train on."""
    random_labels: Annotated[int, Field(ge=10, le=5000)] = 50
    """Images that get random labels."""
    networks: Annotated[int, Field(ge=1, le=100)] = 2
    """Perceptrons on random labels, each with its own labels."""
    memory_width: Annotated[int, Field(ge=2, le=1024)] = 64
    """Units of each of their two hidden layers."""
    memory_lr: Annotated[float, Field(gt=0, le=1)] = 0.003
    """Their learning rate of Adam."""
    memory_steps: Annotated[int, Field(ge=1, le=100_000)] = 60
    """Batches of 50 images of their training."""
    dataset: GrayImageSetName = "digits"
    """Images of the trainings."""


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    split: Split
    dataset: str


def prepare(params: Params, seed: int) -> Images:
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import image_split

    data = load_images(params.dataset, seed=seed)
    images = max(params.train_images, params.random_labels)
    split = image_split(data, train=images, validation=0, test=min(1000, len(data.test_labels)), seed=seed)
    return Images(params=params, seed=seed, split=split, dataset=data.name, notes=(data.description,))
