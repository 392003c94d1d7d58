"""What train.batch can be asked, and what its parts look at: images, a network, random weights of small networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from experiments.foundation.datasets.choices import FlatSetName
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from torch import Tensor, nn

    from experiments.foundation.networks.split import Split
    from experiments.train.core.curvature import TinyNetwork


@parameters
class Params:
    dataset: FlatSetName = "digits"
    """Images."""
    train_images: Annotated[int, Field(ge=64, le=60_000)] = 128
    """Training images; as many others are tested on, 800 at most."""
    width: Annotated[int, Field(ge=1, le=1024)] = 16
    """Hidden units."""
    batch_sizes: Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(min_length=5)] = (1, 2, 4, 8, 16)
    """Batches whose noise and memory are measured."""
    draws: Annotated[int, Field(ge=10, le=100_000)] = 100
    """Batches drawn of every size."""
    curvature_points: Annotated[int, Field(ge=1, le=1000)] = 3
    """Random weights of every network whose curvature is measured."""
    saddle_lr: Annotated[float, Field(gt=0, lt=2)] = 0.05
    """Learning rate on the saddle."""
    saddle_steps: Annotated[int, Field(ge=10, le=1_000_000)] = 1000
    """Most steps on the saddle."""
    well_batches: Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(min_length=3)] = (1, 4, 16, 64)
    """Batches in the double well."""
    well_sigma: Annotated[float, Field(ge=0, le=100)] = 4.0
    """Standard deviation of the gradient noise at batch 1."""
    well_tilt: Annotated[float, Field(gt=0, lt=1.5)] = 0.2
    """Slope that makes one well the global minimum."""
    well_steps: Annotated[int, Field(ge=10, le=1_000_000)] = 500
    """Steps of every descent, learning rate 0.05."""
    well_runs: Annotated[int, Field(ge=10, le=100_000)] = 100
    """Descents of every batch size."""
    lr: Annotated[float, Field(gt=0, le=10)] = 0.05
    """Learning rate of both trainings, momentum 0.9."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 2
    """Passes at equal epochs."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Updates at equal steps."""
    small_batch: Annotated[int, Field(ge=1, le=4096)] = 8
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

    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import pooled_split
    from experiments.train.core.curvature import TinyNetwork
    from experiments.train.core.perceptron import perceptron

    n = params.train_images
    split = pooled_split(load_images(params.dataset, seed=seed), train=n, test=min(n, 800), seed=seed)
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
        split=split,
        network=network,
        hidden=random_weights(6),
        softmax=random_weights(0),
    )
