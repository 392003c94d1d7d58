"""What ann.voronoi can be asked: sites in a box, their clipped cells, and places to look up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from experiments.ann.core.theory.point_sets import GRID, Points, clustered_points, square_lattice, uniform_points
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from experiments.ann.core.theory.voronoi import ClippedCells

SITES_IN_SPACE = 50
"""Fewest sites of the control in three dimensions, where fewer can keep the bounds of the plane."""


@parameters
class Params:
    n: Annotated[int, Field(ge=4, le=5000)] = 60
    """Number of sites; a file gives its own."""
    dim: Literal[2, 3] = 2
    """Dimension of the space."""
    points: Literal["uniform", "lattice", "clustered", "csv"] = "uniform"
    """How the sites lie."""
    csv: Path | None = None
    """File of sites, one line x,y or x,y,z each; only with points=csv."""
    queries: Annotated[int, Field(ge=1, le=1_000_000)] = 2000
    """Places, uniform in the box, whose cell is looked up."""
    box: Annotated[float, Field(gt=0)] = 1.0
    """Side of the box that clips the cells, in the unit of the sites; a file's box is its own bounds and 5 % more."""


@dataclass(frozen=True, kw_only=True)
class Diagram(Setup[Params]):
    """Sites and the cells around them."""

    sites: Points
    cells: ClippedCells
    places: Points
    box_size: float
    """Area or volume."""
    sites_in_the_plane: Points
    """The sites themselves, or as many uniform ones where they lie in space."""
    sites_in_space: Points

    @cached_property
    def nearest(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether a site is nearest to a place (m, n), and whether a place is no tie (m,).

        A tie lies within 1e-12 of the sites' extent of a border, which two cells share.
        """
        from experiments.ann.core.theory.proximity import squared_distances

        distances = np.sqrt(squared_distances(self.places, self.sites))
        two = np.partition(distances, 1, axis=1)[:, :2]
        return distances == two[:, :1], two[:, 1] - two[:, 0] > 1e-12 * np.ptp(self.sites)


def prepare(params: Params, seed: int) -> Diagram:
    from experiments.ann.core.theory.voronoi import clipped_cells

    rng = np.random.default_rng(seed)
    sites, low, high = place_sites(params, rng)
    places = rng.uniform(low, high, (params.queries, params.dim))
    in_space = rng.random((max(len(sites), SITES_IN_SPACE), 3))
    return Diagram(
        params=params,
        seed=seed,
        notes=(f"{len(sites)} sites in a box, mirrored in its faces to clip the cells; {params.queries} places.",),
        sites=sites,
        cells=clipped_cells(sites, low, high),
        places=places,
        box_size=float(np.prod(high - low)),
        sites_in_the_plane=sites if params.dim == 2 else rng.random((len(sites), 2)),
        sites_in_space=in_space,
    )


def place_sites(params: Params, rng: np.random.Generator) -> tuple[Points, Points, Points]:
    """Distinct sites (n, dim) strictly inside a box, and its lowest and highest corner."""
    from experiments.foundation.datasets.formats.matrices import read_csv_matrix

    if (params.csv is not None) != (params.points == "csv"):
        raise InputError("csv: expected a file exactly when points=csv; give both or neither")
    if params.csv is None:
        if params.points == "lattice":
            drawn = square_lattice(params.n, params.dim)
        else:
            make = uniform_points if params.points == "uniform" else clustered_points
            drawn = make(rng, params.n, params.dim)
        return (drawn + 0.5) * (params.box / (GRID + 1)), np.zeros(params.dim), np.full(params.dim, params.box)
    sites = np.unique(read_csv_matrix(params.csv), axis=0)
    if sites.shape[1] != params.dim or len(sites) < params.dim + 2:
        wanted = f"at least {params.dim + 2} distinct points of {params.dim} columns"
        raise InputError(f"{params.csv}: expected {wanted}, found {len(sites)} of {sites.shape[1]}")
    margin = 0.05 * np.ptp(sites, axis=0)
    return sites, sites.min(axis=0) - margin, sites.max(axis=0) + margin
