"""Two estimates of the number of dimensions beside the number itself, where it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Equivalence
from experiments.repr.manifold.setup import Floats, Points

CUBE = "10-D cube"


@observation
class DimensionRow(Row):
    """One data set."""

    data: str
    coordinates: int
    """Numbers of a point as it is given."""
    dimension: int | None
    """Numbers that it needs; unknown of photographed digits."""
    levina_bickel: float
    two_nearest: float


def run(points: Points) -> Iterator[DimensionRow]:
    rng = np.random.default_rng([points.seed, 13])
    for name in ("swiss roll", "sphere cap"):
        yield measured(points, name, points.surface(name).points, 2)
    yield measured(points, CUBE, rng.uniform(size=(points.params.n, 10)), 10)
    yield measured(points, f"images of {points.name}", points.images.reshape(len(points.images), -1), None)


def measured(points: Points, data: str, given: Floats, dimension: int | None) -> DimensionRow:
    from experiments.repr.core.intrinsic_dimension import levina_bickel, nearest_distances, two_nearest

    distances = nearest_distances(given, points.params.neighbors)
    return DimensionRow(
        data=data,
        coordinates=given.shape[1],
        dimension=dimension,
        levina_bickel=levina_bickel(distances),
        two_nearest=two_nearest(distances),
    )


def beside_truth(rows: Sequence[DimensionRow]) -> Mapping[str, Pairs]:
    """Per data set and estimator: the estimate over the dimension, against 1."""
    estimators: dict[str, Callable[[DimensionRow], float]] = {
        "Levina-Bickel": lambda row: row.levina_bickel / (row.dimension or 1),
        "two nearest": lambda row: row.two_nearest / (row.dimension or 1),
    }
    known = dict.fromkeys(row.data for row in rows if row.dimension)
    return {
        f"{data}, {name}": Pairs.against(by_seed(rows, estimate, data=data), 1.0)
        for data in known
        for name, estimate in estimators.items()
    }


PART = Part(
    name="dimensions",
    row=DimensionRow,
    run=run,
    claims=(
        Claim(
            "dimension_can_be_measured",
            statement="The number of dimensions can be read off the distances to near neighbors, within a tenth.",
            rule=Each(Equivalence("the estimate over the dimension, against 1", margin=0.1), per="data and estimator"),
            measure=beside_truth,
            topic="Manifolds: intrinsic dimension",
            predicted={
                "swiss roll, Levina-Bickel": "holds",
                "swiss roll, two nearest": "holds",
                "sphere cap, Levina-Bickel": "holds",
                "sphere cap, two nearest": "holds",
                "10-D cube, Levina-Bickel": "refuted",
                "10-D cube, two nearest": "refuted",
            },
            source="Levina and Bickel 2004; Facco et al. 2017: both underestimate in high dimensions",
        ),
    ),
    tables=(
        Table(
            "Dimensions by the distances to near neighbors",
            by=("data", "coordinates"),
            columns=("dimension", "levina_bickel", "two_nearest"),
        ),
    ),
)
