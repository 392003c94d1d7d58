"""One digit turned through a range of angles: a curve, however many directions it bends into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measured import Points as GridPoints
from experiments.lab.judge.measures import by_seed, points
from experiments.lab.judge.rules import Each, Equivalence, Order
from experiments.repr.manifold.setup import Points

SHARE = 0.95


@observation
class RotationRow(Row):
    """One image, turned by random angles of one range."""

    degrees: int
    """The range of angles."""
    components: int
    """Principal components that hold 95 % of the variance."""
    levina_bickel: float
    """Estimated dimension; an angle is one number."""


def run(drawn: Points) -> Iterator[Event]:
    from experiments.repr.core.intrinsic_dimension import levina_bickel, nearest_distances
    from experiments.repr.core.pca import PCA
    from experiments.repr.core.surfaces import turned_images

    rng = np.random.default_rng([drawn.seed, 17])
    for done, degrees in enumerate(sorted(drawn.params.degrees)):
        yield Progress("angles", done, len(drawn.params.degrees))
        turned = turned_images(drawn.images[0], rng.uniform(0, degrees, drawn.params.n))
        yield RotationRow(
            degrees=degrees,
            components=PCA.fit(turned).components_for(SHARE),
            levina_bickel=levina_bickel(nearest_distances(turned, drawn.params.neighbors)),
        )


def components_by_range(rows: Sequence[RotationRow]) -> GridPoints:
    return points(rows, "degrees", "components")


def dimension_by_range(rows: Sequence[RotationRow]) -> Mapping[str, Pairs]:
    return {
        f"{degrees} degrees": Pairs.against(by_seed(rows, "levina_bickel", degrees=degrees), 1.0)
        for degrees in sorted({row.degrees for row in rows})
    }


def bent(rows: Sequence[RotationRow]) -> str:
    """What the curve shows."""
    most = max(row.degrees for row in rows)
    return (
        f"A digit turned through {most} degrees takes {number(mean(rows, 'components', degrees=most), 2)} components, "
        f"though it has one degree of freedom"
    )


PART = Part(
    name="rotations",
    row=RotationRow,
    run=run,
    claims=(
        Claim(
            "linear_reduction_needs_more_for_more_bending",
            statement="The wider the range of angles, the more principal components hold 95 % of the variance.",
            rule=Order("components against the range of angles", direction="rising"),
            measure=components_by_range,
            topic="Manifolds: linear and nonlinear reduction",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "a_turned_digit_has_one_dimension",
            statement="A digit turned by any angle has one dimension, whatever the range.",
            rule=Each(Equivalence("Levina-Bickel estimate against 1", margin=0.1), per="range"),
            measure=dimension_by_range,
            topic="Manifolds: intrinsic dimension",
            predicted="holds",
            source="pilot",
        ),
    ),
    tables=(Table("A digit turned", by=("degrees",), columns=("components", "levina_bickel")),),
    curves=(Curve("components_by_range", "degrees", "components", title=bent),),
)
