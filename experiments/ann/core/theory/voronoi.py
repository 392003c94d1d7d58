"""Voronoi cells clipped to a box, in two and three dimensions.

The cell of a site is the set of places that are nearer to it than to any other site. The diagram is qhull's (through
scipy); it marks unbounded cells by -1, so here the sites are mirrored in every face of the box: each cell then ends at
the box by itself.

Source: Aurenhammer: Voronoi diagrams - a survey of a fundamental geometric data structure, ACM Computing Surveys 23(3),
1991.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, Voronoi

from experiments.ann.core.theory.graphs import Edges, Neighbors, graph_from_lists
from experiments.ann.core.theory.point_sets import Points
from experiments.ann.core.theory.proximity import knn_graph, squared_distances


@dataclass(frozen=True)
class ClippedCells:
    """The cells of n sites inside a box."""

    corners: tuple[Points, ...]
    """Corners of each cell (c_i, d), in no order."""
    facets: tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...]
    """Half-spaces of each cell: normals a (f_i, d) and offsets b (f_i,); the cell is where a x <= b for all of them."""


@dataclass(frozen=True)
class Ownership:
    """Places that are not in exactly the cell of their nearest site."""

    misassigned: int
    misassigned_swapped: int
    """The same after the first two sites have swapped their cells."""
    ties: int
    """Places left out of both, on a border within 1e-12 of the sites' extent."""


@dataclass(frozen=True)
class DiagramCounts:
    """Sizes of an unclipped diagram."""

    sites: int
    vertices: int
    facets: int
    """Pairs of cells with a common side."""

    @property
    def mean_sides(self) -> float:
        """Mean number of sides of a cell; each side belongs to two."""
        return 2 * self.facets / self.sites

    @property
    def euler_excess(self) -> int:
        """By how much the larger of V - (2n - 5) and E - (3n - 6) is above 0; in the plane it never is."""
        return max(self.vertices - (2 * self.sites - 5), self.facets - (3 * self.sites - 6))


def clipped_cells(sites: Points, low: NDArray[np.float64], high: NDArray[np.float64]) -> ClippedCells:
    """The cells of distinct sites (n, d) strictly inside the box from ``low`` (d,) to ``high`` (d,)."""
    mirrored = [sites]
    for axis in range(sites.shape[1]):
        for face in (low, high):
            image = sites.copy()
            image[:, axis] = 2 * face[axis] - image[:, axis]
            mirrored.append(image)
    everything = np.concatenate(mirrored)
    diagram = Voronoi(everything)
    corners = tuple(diagram.vertices[diagram.regions[diagram.point_region[site]]] for site in range(len(sites)))
    return ClippedCells(corners, _half_spaces(everything, diagram.ridge_points.astype(np.int64), len(sites)))


def cells_containing(cells: ClippedCells, places: Points) -> NDArray[np.bool_]:
    """Whether place i lies in cell j by the half-spaces of the cell's own facets: (m, n). No distance is computed."""
    inside = np.empty((len(places), len(cells.facets)), bool)
    for site, (normals, offsets) in enumerate(cells.facets):
        inside[:, site] = (places @ normals.T <= offsets).all(axis=1)
    return inside


def count_misassigned(sites: Points, cells: ClippedCells, places: Points) -> Ownership:
    """Membership by half-spaces against the nearest site by distance, for each of the places (m, d)."""
    distances = np.sqrt(squared_distances(places, sites))
    nearest_two = np.partition(distances, 1, axis=1)[:, :2]
    clear = nearest_two[:, 1] - nearest_two[:, 0] > 1e-12 * np.ptp(sites)
    is_nearest = distances == nearest_two[:, :1]
    inside = cells_containing(cells, places)
    swapped = inside[:, [1, 0, *range(2, len(sites))]]
    wrong, wrong_swapped = ((member != is_nearest).any(axis=1) & clear for member in (inside, swapped))
    return Ownership(int(wrong.sum()), int(wrong_swapped.sum()), int((~clear).sum()))


def merged_with_nearest(sites: Points, cells: ClippedCells) -> tuple[Points, ...]:
    """Corners of each cell together with those of its two nearest sites: such unions have dents, on lattices too."""
    nearest = knn_graph(sites, 2).tolist()
    return tuple(np.concatenate([cells.corners[site] for site in (p, *near)]) for p, near in enumerate(nearest))


def dented_corners(corners: Points, tolerance: float) -> int:
    """Corners that lie deeper than ``tolerance`` (a length) inside the convex hull of all corners: 0 for a convex
    cell."""
    equations = ConvexHull(corners).equations
    depth = -(corners @ equations[:, :-1].T + equations[:, -1]).max(axis=1)
    return int((depth > tolerance).sum())


def cell_volumes(cells: ClippedCells) -> NDArray[np.float64]:
    """Area (volume in three dimensions) of each cell (n,)."""
    return np.array([ConvexHull(corners).volume for corners in cells.corners])


def ordered_corners(corners: Points) -> Points:
    """The corners of a cell of the plane, counterclockwise."""
    return corners[ConvexHull(corners).vertices]


def cell_neighbors(sites: Points, site: int) -> NDArray[np.int64]:
    """Sites whose (unclipped) cells share a facet with the cell of ``site``, ascending, in any dimension d >= 2.

    With the site as origin the cell is where 2 r y / |r|^2 <= 1 for all other sites r. Such a half-space bounds the
    cell iff its normal 2 r / |r|^2 is a corner of the convex hull of all normals and the origin. Unbounded facets are
    found too, of which ``scipy.spatial.Voronoi`` lists only those with at least d corners.
    """
    offsets = np.delete(sites - sites[site], site, axis=0)
    normals = 2 * offsets / (offsets**2).sum(axis=1, keepdims=True)
    corners = ConvexHull(np.concatenate([normals, np.zeros((1, sites.shape[1]))])).vertices
    others = np.delete(np.arange(len(sites)), site)
    return np.sort(others[corners[corners < len(others)]])


def dual_graph(sites: Points) -> Neighbors:
    """The graph (n, width) that joins sites with a common facet, ids ascending; built cell by cell, without any
    triangulation."""
    return graph_from_lists([list(cell_neighbors(sites, site)) for site in range(len(sites))])


def diagram_counts(sites: Points) -> DiagramCounts:
    """Vertices and facets of the unclipped diagram."""
    diagram = Voronoi(sites)
    return DiagramCounts(len(sites), len(diagram.vertices), len(diagram.ridge_points))


def bounded_volume(sites: Points) -> float:
    """Total volume of the cells that are bounded without any box."""
    diagram = Voronoi(sites)
    regions = (diagram.regions[region] for region in diagram.point_region)
    return float(sum(ConvexHull(diagram.vertices[region]).volume for region in regions if region and -1 not in region))


def _half_spaces(
    sites: Points, pairs: Edges, count: int
) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...]:
    """|x - p|^2 <= |x - q|^2 written as 2 (q - p) x <= |q|^2 - |p|^2 for every facet of the first ``count`` sites."""
    norms = (sites**2).sum(axis=1)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.argsort(both[:, 0], kind="stable")]
    starts = np.searchsorted(both[:, 0], np.arange(count + 1))
    others = [both[starts[site] : starts[site + 1], 1] for site in range(count)]
    return tuple((2 * (sites[q] - sites[p]), norms[q] - norms[p]) for p, q in enumerate(others))
