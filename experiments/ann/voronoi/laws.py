"""What must hold of every Voronoi diagram, with an object beside it that must violate it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from experiments.ann.voronoi.setup import Diagram
from experiments.foundation.statements.trials import TrialRow, instances
from experiments.lab.experiment import Part, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Theorem

SHOWN = Table(title="Laws and their controls, which must fail", by=("statement",), columns=("error", "control_error"))


@observation
class LawRow(TrialRow):
    """One law in one diagram."""

    dataset: str


def run(diagram: Diagram) -> Iterator[LawRow]:
    from experiments.ann.core.theory.voronoi import bounded_volume, cell_volumes, diagram_counts

    def trial(statement: str, error: float, control_error: float) -> LawRow:
        case = f"{diagram.params.dim} dimensions"
        return LawRow(
            dataset=diagram.params.points, statement=statement, case=case, error=error, control_error=control_error
        )

    yield trial("cell of the nearest site", *misassigned_places(diagram))
    yield trial("convex", *dents(diagram))
    total, bounded = float(cell_volumes(diagram.cells).sum()), bounded_volume(diagram.sites)
    yield trial("fill the box", abs(total / diagram.box_size - 1), abs(bounded / diagram.box_size - 1))
    flat, spatial = diagram_counts(diagram.sites_in_the_plane), diagram_counts(diagram.sites_in_space)
    yield trial("linear size", flat.euler_excess, spatial.euler_excess)


def misassigned_places(diagram: Diagram) -> tuple[int, int]:
    """Places not in exactly the cell of their nearest site, and the same after two sites have swapped their cells."""
    from experiments.ann.core.theory.voronoi import cells_containing

    is_nearest, clear = diagram.nearest
    inside = cells_containing(diagram.cells, diagram.places)
    swapped = inside[:, [1, 0, *range(2, len(diagram.sites))]]
    wrong, wrong_swapped = (int(((member != is_nearest).any(axis=1) & clear).sum()) for member in (inside, swapped))
    return wrong, wrong_swapped


def dents(diagram: Diagram) -> tuple[int, int]:
    """Corners inside the hull of their own cell, and inside the hull of three cells together.

    The union of a cell and those of its two nearest sites has dents on lattices too.
    """
    from experiments.ann.core.theory.proximity import knn_graph
    from experiments.ann.core.theory.voronoi import dented_corners

    corners, tolerance = diagram.cells.corners, 1e-9 * float(np.ptp(diagram.sites))
    nearest = knn_graph(diagram.sites, 2).tolist()
    unions = [np.concatenate([corners[site] for site in (p, *near)]) for p, near in enumerate(nearest)]
    single, merged = (sum(dented_corners(each, tolerance) for each in shapes) for shapes in (corners, unions))
    return single, merged


PART = Part(
    name="laws",
    row=LawRow,
    run=run,
    claims=(
        Claim(
            "nearest_site_owns_the_query",
            statement="A place lies in the cell of its nearest site and in no other cell.",
            rule=Theorem("a place is inside the half-spaces of its nearest site's cell alone", control="swapped cells"),
            measure=instances("cell of the nearest site"),
            topic="Voronoi diagram, cells and nearest sites",
            predicted="holds",
            source="the definition of a cell; Aurenhammer 1991",
        ),
        Claim(
            "cells_are_convex",
            statement="Every Voronoi cell is convex.",
            rule=Theorem("no corner lies inside the hull of its cell", control="the union of three neighboring cells"),
            measure=instances("convex"),
            topic="Voronoi diagram, convex cells",
            predicted="holds",
            source="a cell is an intersection of half-spaces; Aurenhammer 1991",
        ),
        Claim(
            "cells_fill_the_box",
            statement="The clipped cells fill the box without gap or overlap.",
            rule=Theorem(
                "the cells' total area is that of the box",
                control="the total of the cells that are bounded without the box",
                tolerance=1e-9,
            ),
            measure=instances("fill the box"),
            topic="Voronoi diagram, areas",
            predicted="holds",
            source="every place has a nearest site; Aurenhammer 1991",
        ),
        Claim(
            "diagram_has_linear_size",
            statement="In the plane a diagram has at most 2n - 5 corners and 3n - 6 sides, so cells have fewer than 6 "
            "on average.",
            rule=Theorem("neither bound is exceeded", control="the same bounds for as many sites in three dimensions"),
            measure=instances("linear size"),
            topic="Voronoi diagram, size",
            predicted="holds",
            source="Euler's formula; Aurenhammer 1991",
        ),
    ),
    tables=(SHOWN,),
)
