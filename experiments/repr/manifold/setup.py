"""What repr.manifold can be asked, its surfaces and its images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    from experiments.repr.core.surfaces import Surface, SurfaceName

Floats = NDArray[np.float64]


@parameters
class Params:
    dataset: GrayImageSetName = "digits"
    """Images; auto is MNIST where it is present or can be fetched, else digits."""
    n: Annotated[int, Field(ge=50, le=5000)] = 400
    """Points of a surface, and images."""
    neighbors: Annotated[int, Field(ge=3, le=1000)] = 7
    """Neighbors in the graph of Isomap and in Levina's and Bickel's estimate."""
    too_many: Annotated[int, Field(ge=3, le=1000)] = 21
    """Neighbors of the graph that is to have short cuts."""
    hidden: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = (32, 32)
    """Units of the autoencoder from the point to its code of two numbers."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Its updates."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 128
    """Points per update."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=3)] = (1e-2, 3e-2, 1e-1)
    """Adam's learning rates; the error on points held out chooses one."""
    degrees: Annotated[tuple[Annotated[int, Field(ge=1, le=360)], ...], Field(min_length=3)] = (30, 90, 360)
    """Ranges of angles through which a digit is turned."""
    trials: Annotated[int, Field(ge=1, le=1000)] = 5
    """Random sets of points on which Isomap with all neighbors is tried."""


@dataclass(frozen=True, kw_only=True)
class Points(Setup[Params]):
    """Surfaces, drawn once, and images (n, height, width)."""

    name: str
    images: Floats

    @once
    def surface(self, name: SurfaceName) -> Surface:
        from experiments.repr.core.surfaces import SURFACES, draw_surface

        return draw_surface(name, self.params.n, np.random.default_rng([self.seed, SURFACES.index(name)]))

    def isomap(self, name: SurfaceName, neighbors: int) -> Floats:
        """The surface in two dimensions.

        Raises:
            InputError: the graph of so few neighbors is in several pieces.
        """
        from experiments.repr.core.geodesics import isomap

        try:
            return isomap(self.surface(name).points, neighbors, 2)
        except ValueError as error:
            raise InputError(f"{name}: {error}") from None


def prepare(params: Params, seed: int) -> Points:
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import pooled_split

    for name, asked in (("neighbors", params.neighbors), ("too_many", params.too_many)):
        if asked >= params.n:
            raise InputError(f"{name}={asked}: expected less than n={params.n}, the points of a surface")
    split = pooled_split(load_images(params.dataset, seed=seed), train=params.n, test=0, seed=seed)
    images = split.train.inputs.double().numpy().reshape(-1, *split.shape[1:])
    return Points(params=params, seed=seed, notes=(split.description,), name=split.name, images=images)
