"""What train.optimizers can be asked, and its images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from experiments.foundation.datasets.choices import FlatSetName
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from experiments.foundation.networks.split import Split

ADAPTIVE = ("adagrad", "rmsprop", "adam")


@parameters
class Params:
    dataset: FlatSetName = "digits"
    """Images."""
    train_images: Annotated[int, Field(ge=10, le=60_000)] = 200
    """Training images; half as many for validation, as many for test."""
    width: Annotated[int, Field(ge=1, le=1024)] = 32
    """Hidden units."""
    grid: Annotated[int, Field(ge=3, le=12)] = 3
    """Learning rates per optimizer, each three times the one before."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 15
    """Updates on digits."""
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

    def rates(self, center: float) -> list[float]:
        """The grid of learning rates around ``center``."""
        return [center * 3.0 ** (k - self.grid // 2) for k in range(self.grid)]


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    split: Split


def prepare(params: Params, seed: int) -> Images:
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import pooled_split

    n = params.train_images
    data = load_images(params.dataset, seed=seed)
    return Images(params=params, seed=seed, split=pooled_split(data, train=n, validation=n // 2, test=n, seed=seed))
