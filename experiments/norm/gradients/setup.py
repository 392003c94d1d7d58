"""What norm.gradients can be asked, and the transformers that its parts look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.lab.experiment import Setup, once, parameters
from experiments.norm.parameter_types import Depths, Normalization, Normalizations, Placement, Placements, Width

if TYPE_CHECKING:
    from experiments.foundation.networks.split import Split
    from experiments.norm.core.trainability import Start

LEAST_FITTED = 8
"""Blocks of the shallowest transformer that an exponent is fitted to: the law is one of large depth."""


@parameters
class Params:
    placement: Placements = ("none", "post", "pre", "sandwich", "deep")
    """Where the normalization stands: one of them or a list."""
    normalization: Normalizations = ("layer", "rms")
    """LayerNorm or RMSNorm: one of them or a list."""
    depth: Depths = (2, 8, 16)
    """Blocks of a transformer: a number or a list; exponents need five of 8 or more."""
    draws: Annotated[int, Field(ge=1, le=1000)] = 2
    """Initializations over which a seed takes the mean."""
    dim: Width = 16
    """Width of the residual stream; a multiple of 4, the largest number of heads."""
    heads: Literal[1, 2, 4] = 4
    """Heads of attention."""
    batch_size: Annotated[int, Field(ge=1, le=1000)] = 16
    """Images whose gradient is taken."""
    dataset: GrayImageSetName = "digits"
    """Images; each row of pixels is a token."""


@dataclass(frozen=True)
class Arm:
    """A normalization and its place; named as the columns are."""

    placement: Placement
    normalization: Normalization


@dataclass(frozen=True, kw_only=True)
class Transformers(Setup[Params]):
    """Freshly initialized transformers, each measured once, whichever part asks first."""

    split: Split
    dataset: str

    @property
    def arms(self) -> list[Arm]:
        params = self.params
        return [Arm(placement, norm) for norm in params.normalization for placement in params.placement]

    @property
    def depths(self) -> list[int]:
        return sorted(set(self.params.depth))

    @once
    def start(self, arm: Arm, depth: int) -> Start:
        """Gradients and residual stream of an arm before training."""
        from experiments.norm.core.trainability import Architecture, measure_start

        params = self.params
        architecture = Architecture(dim=params.dim, heads=params.heads, placement=arm.placement, norm=arm.normalization)
        return measure_start(
            self.split, depth, architecture, draws=params.draws, seed=self.seed, batch_size=params.batch_size
        )


def prepare(params: Params, seed: int) -> Transformers:
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import image_split

    data = load_images(params.dataset, seed=seed)
    test = min(1000, len(data.test_labels))
    split = image_split(data, train=params.batch_size, validation=0, test=test, seed=seed)
    return Transformers(params=params, seed=seed, split=split, dataset=data.name, notes=(data.description,))
