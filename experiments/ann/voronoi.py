"""Do Voronoi cells partition space, and is the nearest site the one whose cell holds the query?

Every cell is built by qhull and clipped to a box; membership is decided by the half-spaces of the cell's own facets, so
that it can be compared with the nearest site by distance. Unbounded cells, ties and degenerate corners are counted,
never skipped silently.

Notes: Voronoi diagram and the theorems on it (000:3). Source: Aurenhammer: Voronoi diagrams - a survey of a fundamental
geometric data structure, ACM Computing Surveys 23(3), 1991.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.errors import InputError
from experiments.lab.experiment import CHECKED, Drawing, Event, Experiment, Note, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, theorem

if TYPE_CHECKING:
    from experiments.ann.core.theory.voronoi import ClippedCells

Points = NDArray[np.float64]

SITES_IN_SPACE = 50
"""Fewest sites of the control in three dimensions, where fewer can keep the bounds of the plane."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
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
class Row(LabRow):
    dataset: str
    n: int
    dim: int
    ties: int
    """Queries within 1e-12 of a border, which two cells share."""
    misassigned: int
    """Queries that do not lie in exactly the cell of their nearest site."""
    misassigned_swapped: int
    """The same after two sites have swapped their cells."""
    dented_corners: int
    """Corners inside the convex hull of their own cell."""
    dented_corners_merged: int
    """The same for the unions of each cell with those of its two nearest sites."""
    area_error: float
    """Difference of the cells' total area (volume) and the box's, relative."""
    area_error_unclipped: float
    """The same with only those cells that are bounded without the box."""
    euler_excess: float
    """The larger of V - (2n - 5) and E - (3n - 6) in the plane; nan in space."""
    euler_excess_in_space: float
    """The same bounds applied to as many sites in space, 50 at least."""
    mean_sides: float
    smallest_area: float
    largest_area: float


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.ann.core.theory.voronoi import (
        bounded_volume,
        cell_volumes,
        clipped_cells,
        count_misassigned,
        dented_corners,
        diagram_counts,
        merged_with_nearest,
    )

    rng = np.random.default_rng(seed)
    sites, low, high = place_sites(params, rng)
    cells = clipped_cells(sites, low, high)
    places = rng.uniform(low, high, (params.queries, params.dim))
    owned = count_misassigned(sites, cells, places)
    volumes = cell_volumes(cells)
    box, tolerance = float(np.prod(high - low)), 1e-9 * float(np.ptp(sites))
    yield Note(f"{len(sites)} sites in a box, mirrored in its faces to clip the cells; {params.queries} queries.")
    yield Row(
        dataset=params.points,
        n=len(sites),
        dim=params.dim,
        ties=owned.ties,
        misassigned=owned.misassigned,
        misassigned_swapped=owned.misassigned_swapped,
        dented_corners=sum(dented_corners(corners, tolerance) for corners in cells.corners),
        dented_corners_merged=sum(dented_corners(corners, tolerance) for corners in merged_with_nearest(sites, cells)),
        area_error=abs(float(volumes.sum()) / box - 1),
        area_error_unclipped=abs(bounded_volume(sites) / box - 1),
        euler_excess=diagram_counts(sites).euler_excess if params.dim == 2 else nan,
        euler_excess_in_space=diagram_counts(rng.random((max(len(sites), SITES_IN_SPACE), 3))).euler_excess,
        mean_sides=diagram_counts(sites).mean_sides,
        smallest_area=float(volumes.min()),
        largest_area=float(volumes.max()),
    )
    if params.dim == 2:
        yield draw(sites, cells, places[0])


def place_sites(params: Params, rng: np.random.Generator) -> tuple[Points, Points, Points]:
    """Distinct sites (n, dim) strictly inside a box, and its lowest and highest corner."""
    from experiments.ann.core.theory.point_sets import GRID, clustered_points, square_lattice, uniform_points
    from experiments.foundation.datasets.matrices import read_csv_matrix

    if (params.csv is not None) != (params.points == "csv"):
        raise InputError("csv: expected a file exactly when points=csv; give both or neither")
    if params.csv is None:
        makers = {"uniform": uniform_points, "clustered": clustered_points}
        drawn = (
            square_lattice(params.n, params.dim)
            if params.points == "lattice"
            else makers[params.points](rng, params.n, params.dim)
        )
        return (drawn + 0.5) * (params.box / (GRID + 1)), np.zeros(params.dim), np.full(params.dim, params.box)
    sites = np.unique(read_csv_matrix(params.csv), axis=0)
    if sites.shape[1] != params.dim or len(sites) < params.dim + 2:
        wanted = f"at least {params.dim + 2} distinct points of {params.dim} columns"
        raise InputError(f"{params.csv}: expected {wanted}, found {len(sites)} of {sites.shape[1]}")
    margin = 0.05 * np.ptp(sites, axis=0)
    return sites, sites.min(axis=0) - margin, sites.max(axis=0) + margin


def draw(sites: Points, cells: ClippedCells, query: Points) -> Drawing:
    from experiments.ann.core.theory.voronoi import ordered_corners

    outlines = tuple(tuple((float(x), float(y)) for x, y in ordered_corners(corners)) for corners in cells.corners)
    return Drawing(
        name="voronoi",
        title=f"Voronoi cells of {len(sites)} sites and a query",
        points=tuple((float(x), float(y)) for x, y in sites),
        cells=outlines,
        marks=(("query", float(query[0]), float(query[1])),),
    )


def nearest_site_owns_the_query(rows: Sequence[Row]) -> Comparison:
    return theorem([row.misassigned for row in rows], control=[row.misassigned_swapped for row in rows])


def cells_are_convex(rows: Sequence[Row]) -> Comparison:
    return theorem([row.dented_corners for row in rows], control=[row.dented_corners_merged for row in rows])


def cells_fill_the_box(rows: Sequence[Row]) -> Comparison:
    control = [row.area_error_unclipped for row in rows]
    return theorem([row.area_error for row in rows], tolerance=1e-9, control=control)


def diagram_has_linear_size(rows: Sequence[Row]) -> Comparison:
    flat = [row for row in rows if row.dim == 2]
    return theorem([row.euler_excess for row in flat], control=[row.euler_excess_in_space for row in flat])


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="A place lies in the cell of its nearest site and in no other cell",
            notes="Voronoi diagram (000:3)",
            kind="theorem",
            rule="holds iff membership by half-spaces is nearest by distance for every query farther than 1e-12 from "
            "a border; "
            "control: two sites with swapped cells",
            predicted="holds",
            judge=nearest_site_owns_the_query,
        ),
        Claim(
            statement="Every Voronoi cell is convex",
            notes="Voronoi diagram (000:3)",
            kind="theorem",
            rule="holds iff no corner lies deeper than 1e-9 of the extent inside the hull of its cell; "
            "control: unions of three neighboring cells",
            predicted="holds",
            judge=cells_are_convex,
        ),
        Claim(
            statement="The clipped cells fill the box without gap or overlap",
            notes="Voronoi diagram (000:3)",
            kind="theorem",
            rule="holds iff the cells' areas add up to the box within 1e-9, relative; control: only cells bounded "
            "without the box",
            predicted="holds",
            judge=cells_fill_the_box,
        ),
        Claim(
            statement="In the plane a diagram has at most 2n - 5 corners and 3n - 6 sides, so cells have fewer than 6 "
            "on average",
            notes="Voronoi diagram, proofs (000:3)",
            kind="theorem",
            rule="holds iff neither bound is exceeded; control: the same bounds for as many sites (at least 50) in "
            "three dimensions",
            predicted="holds",
            judge=diagram_has_linear_size,
        ),
    ),
    tables=(
        Table(
            title="Cells",
            by=("dataset", "dim", "n"),
            columns=(
                "misassigned",
                "ties",
                "dented_corners",
                "area_error",
                "mean_sides",
                "smallest_area",
                "largest_area",
            ),
        ),
        Table(
            title="Controls, which must fail",
            by=("dataset", "dim", "n"),
            columns=("misassigned_swapped", "dented_corners_merged", "area_error_unclipped", "euler_excess_in_space"),
        ),
    ),
)
