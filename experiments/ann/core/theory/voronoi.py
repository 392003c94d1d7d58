"""Voronoi cells clipped to a box, in two and three dimensions.

The cell of a site is the set of places that are nearer to it than to any other site. The diagram is qhull's (through
scipy); it marks unbounded cells by -1, so here the sites are mirrored in every face of the box: each cell then ends at
the box by itself.

Source: Aurenhammer: Voronoi diagrams - a survey of a fundamental geometric data structure, ACM Computing Surveys 23(3),
1991.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, Voronoi

from experiments.ann.core.theory.graphs import Edges, Neighbors, graph_from_lists
from experiments.ann.core.theory.point_sets import Points

HalfSpaces = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Normals a (f, d) and offsets b (f,): the places x with a x <= b for all f of them."""


class ClippedCells(NamedTuple):
    """The cells of n sites inside a box."""

    corners: tuple[Points, ...]
    """Corners of each cell (c_i, d), in no order."""
    facets: tuple[HalfSpaces, ...]
    """The half-spaces whose intersection is the cell, one per facet."""


class DiagramCounts(NamedTuple):
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
        """The larger of V - (2n - 5) and E - (3n - 6); in the plane it is at most 0.

        With a vertex at infinity for the unbounded sides the diagram is a planar graph of n faces: V + 1 - E + n = 2.
        Every vertex joins at least three sides, so 3 (V + 1) <= 2 E, and both bounds follow.
        """
        return max(self.vertices - (2 * self.sites - 5), self.facets - (3 * self.sites - 6))


def clipped_cells(sites: Points, low: NDArray[np.float64], high: NDArray[np.float64]) -> ClippedCells:
    """The cells of distinct sites (n, d) strictly inside the box from ``low`` (d,) to ``high`` (d,).

    >>> halves = clipped_cells(np.array([[0.25, 0.5], [0.75, 0.5]]), np.zeros(2), np.ones(2))
    >>> cell_volumes(halves).tolist()
    [0.5, 0.5]
    """
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
    """Whether place i of (m, d) lies in cell j, by the half-spaces of the cell's own facets: (m, n).

    No distance is computed, so this can be compared with the nearest site.

    >>> halves = clipped_cells(np.array([[0.25, 0.5], [0.75, 0.5]]), np.zeros(2), np.ones(2))
    >>> cells_containing(halves, np.array([[0.1, 0.9]])).tolist()
    [[True, False]]
    """
    inside = np.empty((len(places), len(cells.facets)), bool)
    for site, (normals, offsets) in enumerate(cells.facets):
        inside[:, site] = (places @ normals.T <= offsets).all(axis=1)
    return inside


def dented_corners(corners: Points, tolerance: float) -> int:
    """Corners (c, d) that lie deeper than ``tolerance`` (a length) inside the convex hull of all of them.

    0 for a convex cell.

    >>> dented_corners(np.array([[0, 0], [2, 0], [1, 0.5], [2, 2], [0, 2]]), 1e-9)
    1
    """
    equations = ConvexHull(corners).equations  # a x + b <= 0 inside, with |a| = 1: the depth is a distance
    depth = -(corners @ equations[:, :-1].T + equations[:, -1]).max(axis=1)
    return int((depth > tolerance).sum())


def cell_volumes(cells: ClippedCells) -> NDArray[np.float64]:
    """Area (volume in three dimensions) of each cell (n,)."""
    return np.array([ConvexHull(corners).volume for corners in cells.corners])


def ordered_corners(corners: Points) -> Points:
    """The corners (c, 2) of a cell of the plane, counterclockwise."""
    return corners[ConvexHull(corners).vertices]


def cell_neighbors(sites: Points, site: int) -> NDArray[np.int64]:
    """Sites whose (unclipped) cells share a facet with the cell of ``site``, ascending, in any dimension d >= 2.

    With the site as origin the cell is where 2 r y / |r|^2 <= 1 for all other sites r. Such a half-space bounds the
    cell iff its normal 2 r / |r|^2 is a corner of the convex hull of all normals and the origin. Unbounded facets are
    found too, of which ``scipy.spatial.Voronoi`` lists only those with at least d corners.

    >>> cell_neighbors(np.array([[0, 0], [2, 0], [0, 2], [-2, 0], [0, -2], [5, 5]]), 0).tolist()
    [1, 2, 3, 4]
    """
    offsets = np.delete(sites - sites[site], site, axis=0)
    normals = 2 * offsets / (offsets**2).sum(axis=1, keepdims=True)
    corners = ConvexHull(np.concatenate([normals, np.zeros((1, sites.shape[1]))])).vertices
    others = np.delete(np.arange(len(sites)), site)
    return np.sort(others[corners[corners < len(others)]])  # the origin, put last, may be a corner too


def dual_graph(sites: Points) -> Neighbors:
    """The graph (n, width) that joins sites (n, d) with a common facet, ids ascending.

    Built cell by cell, without any triangulation.
    """
    return graph_from_lists([list(cell_neighbors(sites, site)) for site in range(len(sites))])


def diagram_counts(sites: Points) -> DiagramCounts:
    """Vertices and facets of the unclipped diagram of the sites (n, d).

    >>> cross = diagram_counts(np.array([[0, 0], [1, 1], [1, -1], [-1, 1], [-1, -1]]))
    >>> cross.vertices, cross.facets, cross.mean_sides
    (4, 8, 3.2)
    """
    diagram = Voronoi(sites)
    return DiagramCounts(len(sites), len(diagram.vertices), len(diagram.ridge_points))


def bounded_volume(sites: Points) -> float:
    """Total volume of the cells of the sites (n, d) that are bounded without any box.

    >>> round(bounded_volume(np.array([[0, 0], [1, 1], [1, -1], [-1, 1], [-1, -1]])), 9)
    2.0
    """
    diagram = Voronoi(sites)
    regions = (diagram.regions[region] for region in diagram.point_region)
    return float(sum(ConvexHull(diagram.vertices[region]).volume for region in regions if region and -1 not in region))


def _half_spaces(sites: Points, pairs: Edges, count: int) -> tuple[HalfSpaces, ...]:
    """|x - p|^2 <= |x - q|^2 written as 2 (q - p) x <= |q|^2 - |p|^2 for every facet of the first ``count`` sites."""
    norms = (sites**2).sum(axis=1)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.argsort(both[:, 0], kind="stable")]
    starts = np.searchsorted(both[:, 0], np.arange(count + 1))
    others = [both[starts[site] : starts[site + 1], 1] for site in range(count)]
    return tuple((2 * (sites[q] - sites[p]), norms[q] - norms[p]) for p, q in enumerate(others))
