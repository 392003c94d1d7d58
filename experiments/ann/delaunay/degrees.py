"""What the guarantee costs: the mean degree of the Delaunay graph by dimension."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.ann.core.theory.graphs import out_degrees
from experiments.ann.delaunay.setup import PointSets
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Points
from experiments.lab.judge.measures import points
from experiments.lab.judge.rules import Order


@observation
class DegreeRow(Row):
    """The Delaunay graph of one point set."""

    dataset: str
    n: int
    dim: int
    mean_degree: float
    complete_share: float
    """Mean degree as a share of n - 1."""


def run(sets: PointSets) -> Iterator[DegreeRow]:
    for each in sets.sets:
        n, degree = len(each.points), float(out_degrees(each.delaunay).mean())
        yield DegreeRow(
            dataset=sets.params.dataset, n=n, dim=each.dim, mean_degree=degree, complete_share=degree / (n - 1)
        )


def degree_by_dimension(rows: Sequence[DegreeRow]) -> Points:
    return points(rows, "dim", "mean_degree")


def degrees_of_ends(rows: Sequence[DegreeRow]) -> str:
    low, high = min(row.dim for row in rows), max(row.dim for row in rows)
    few, many = (number(mean(rows, "mean_degree", dim=dim)) for dim in (low, high))
    return f"A point has {few} Delaunay neighbors in {low} dimensions, {many} in {high}"


PART = Part(
    name="degrees",
    row=DegreeRow,
    run=run,
    claims=(
        Claim(
            "degree_rises_with_dimension",
            statement="The mean degree of the Delaunay graph rises with the dimension.",
            rule=Order("mean degree over the dimensions", direction="rising"),
            measure=degree_by_dimension,
            topic="Delaunay graph in many dimensions",
            predicted="holds",
            source="pilot",
        ),
    ),
    tables=(
        Table(
            title="Delaunay graph by dimension", by=("dataset", "n", "dim"), columns=("mean_degree", "complete_share")
        ),
    ),
    curves=(Curve("degree_by_dimension", "dim", "mean_degree", y_scale="log", title=degrees_of_ends),),
)
