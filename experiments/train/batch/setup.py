"""What train.batch can be asked, and what its parts look at: images, a network, random weights of small networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from torch import Tensor, nn

    from experiments.foundation.networks.split import Split
    from experiments.train.core.curvature import TinyNetwork

Sizes = tuple[Annotated[int, Field(ge=1, le=4096)], ...]


@parameters
class Params:
    dataset: GrayImageSetName = "digits"
    """Images; auto is MNIST where it is present or can be fetched, else digits."""
    train_images: Annotated[int, Field(ge=64, le=60_000)] = 128
    """Training images."""
    validation_images: Annotated[int, Field(ge=10, le=60_000)] = 100
    """Validation images."""
    test_images: Annotated[int, Field(ge=10, le=60_000)] = 200
    """Test images."""
    width: Annotated[int, Field(ge=1, le=1024)] = 16
    """Hidden units."""
    batch_sizes: Annotated[Sizes, Field(min_length=5)] = (1, 2, 4, 8, 16)
    """Batches whose noise and memory are measured."""
    curvature_points: Annotated[int, Field(ge=1, le=1000)] = 3
    """Random weights of every network whose curvature is measured."""
    saddle_lr: Annotated[float, Field(gt=0, lt=2)] = 0.05
    """Learning rate on the saddle."""
    saddle_steps: Annotated[int, Field(ge=10, le=1_000_000)] = 1000
    """Most steps on the saddle."""
    well_batches: Annotated[Sizes, Field(min_length=3)] = (1, 4, 16)
    """Batches in the loss with several minima."""
    well_points: Annotated[int, Field(ge=20, le=100_000)] = 200
    """Points of which it is the squared error."""
    well_lr: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Learning rate of every descent there."""
    well_steps: Annotated[int, Field(ge=10, le=1_000_000)] = 200
    """Steps of every descent there."""
    well_runs: Annotated[int, Field(ge=10, le=100_000)] = 50
    """Descents of every batch size."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=10)], ...], Field(min_length=3)] = (0.01, 0.1, 1.0)
    """Learning rates of both batch sizes, momentum 0.9."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 2
    """Passes of the small batches; the whole training set gets as many passes, or as many updates."""
    small_batch: Annotated[int, Field(ge=1, le=4096)] = 16
    """Small batch of the trainings; the large one is the whole training set."""


class RandomWeights(NamedTuple):
    """A small network at random weights, on random inputs and labels."""

    network: TinyNetwork
    inputs: Tensor
    labels: Tensor
    points: Sequence[Tensor]
    orders: Sequence[Tensor]
    """An order of the hidden units for every point."""


@dataclass(frozen=True, kw_only=True)
class Networks(Setup[Params]):
    split: Split
    network: nn.Sequential
    """A perceptron at its initial weights, which no part changes."""
    hidden: RandomWeights
    softmax: RandomWeights


def prepare(params: Params, seed: int) -> Networks:
    import torch

    from experiments.train.core.curvature import TinyNetwork
    from experiments.train.core.perceptron import perceptron
    from experiments.train.images import draw_images

    n, held, tested = params.train_images, params.validation_images, params.test_images
    split = draw_images(params.dataset, train=n, validation=held, test=tested, seed=seed)
    torch.manual_seed(seed)
    network = perceptron((split.features, params.width, split.classes))
    inputs, labels = torch.randn(50, 4, dtype=torch.float64), torch.randint(3, (50,))

    def random_weights(units: int) -> RandomWeights:
        tiny = TinyNetwork(features=4, hidden=units, classes=3)
        points, orders = [], []
        for _ in range(params.curvature_points):
            points.append(torch.randn(tiny.size, dtype=torch.float64))
            orders.append(torch.randperm(units).roll(1))
        return RandomWeights(tiny, inputs, labels, points, orders)

    # the arguments draw from torch's generator, in this order
    return Networks(
        params=params,
        seed=seed,
        notes=(split.description,),
        split=split,
        network=network,
        hidden=random_weights(6),
        softmax=random_weights(0),
    )
