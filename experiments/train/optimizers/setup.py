"""What train.optimizers can be asked, and its images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from experiments.foundation.networks.split import Split

ADAPTIVE = ("adagrad", "rmsprop", "adam")
OPTIMIZERS = ("sgd", "momentum", *ADAPTIVE)


@parameters
class Params:
    dataset: GrayImageSetName = "digits"
    """Images; auto is MNIST where it is present or can be fetched, else digits."""
    train_images: Annotated[int, Field(ge=10, le=60_000)] = 200
    """Training images; half as many for validation."""
    test_images: Annotated[int, Field(ge=10, le=60_000)] = 200
    """Test images."""
    width: Annotated[int, Field(ge=1, le=1024)] = 32
    """Hidden units."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=100)], ...], Field(min_length=3)] = (0.01, 0.1, 1.0)
    """Learning rates of every optimizer on images; races have as many more between them."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 15
    """Updates on images."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 64
    """Images per update."""
    dim: Annotated[int, Field(ge=2, le=1000)] = 10
    """Dimension of the quadratic problems."""
    kappa: Annotated[float, Field(ge=1, le=1e6)] = 100.0
    """Condition number of the ill-conditioned one."""
    target: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """Share of the first loss at which a race ends."""
    race_steps: Annotated[int, Field(ge=10, le=100_000)] = 200
    """Most steps of a race."""
    regret_steps: Annotated[int, Field(ge=10, le=1_000_000)] = 1500
    """Steps on Adam's counterexample."""

    @property
    def race_lrs(self) -> list[float]:
        """The learning rates and the geometric means of neighbors: SGD is fastest just below where it diverges."""
        rising = sorted(self.lrs)
        return sorted([*rising, *(math.sqrt(low * high) for low, high in pairwise(rising))])


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    split: Split


def prepare(params: Params, seed: int) -> Images:
    from experiments.train.images import draw_images

    n, tested = params.train_images, params.test_images
    split = draw_images(params.dataset, train=n, validation=n // 2, test=tested, seed=seed)
    return Images(params=params, seed=seed, notes=(split.description,), split=split)
