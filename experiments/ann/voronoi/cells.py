"""How many sides the cells have, and how large they are."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.ann.voronoi.setup import Diagram
from experiments.lab.experiment import Drawing, Event, Part, Row, Table, observation


@observation
class CellsRow(Row):
    """The cells of one diagram."""

    dataset: str
    n: int
    dim: int
    places: int
    """Places whose cell is looked up."""
    ties: int
    """Places within 1e-12 of a border, which two cells share."""
    mean_sides: float
    smallest_area: float
    """Volume in space, as the largest."""
    largest_area: float


def run(diagram: Diagram) -> Iterator[Event]:
    from experiments.ann.core.theory.voronoi import cell_volumes, diagram_counts

    volumes, params = cell_volumes(diagram.cells), diagram.params
    yield CellsRow(
        dataset=params.points,
        n=len(diagram.sites),
        dim=params.dim,
        places=len(diagram.places),
        ties=int((~diagram.nearest[1]).sum()),
        mean_sides=diagram_counts(diagram.sites).mean_sides,
        smallest_area=float(volumes.min()),
        largest_area=float(volumes.max()),
    )
    if params.dim == 2:
        yield draw(diagram)


def draw(diagram: Diagram) -> Drawing:
    from experiments.ann.core.theory.voronoi import diagram_counts, ordered_corners

    sides = diagram_counts(diagram.sites).mean_sides
    outlines = (ordered_corners(corners).tolist() for corners in diagram.cells.corners)
    x, y = diagram.places[0].tolist()
    return Drawing(
        name="voronoi",
        title=f"A query in its nearest site's cell; the {len(diagram.sites)} cells have {sides:.2f} sides on average",
        points=tuple(map(tuple, diagram.sites.tolist())),
        cells=tuple(tuple(map(tuple, outline)) for outline in outlines),
        marks=(("query", x, y),),
    )


PART = Part(
    name="cells",
    row=CellsRow,
    run=run,
    tables=(
        Table(
            title="Cells",
            by=("dataset", "dim", "n"),
            columns=("places", "ties", "mean_sides", "smallest_area", "largest_area"),
        ),
    ),
)
