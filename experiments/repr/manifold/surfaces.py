"""Surfaces laid out in two dimensions by PCA, Isomap and an autoencoder, beside the distances along them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed, paired
from experiments.lab.judge.rules import Effect, Under
from experiments.repr.manifold.setup import Floats, Points

if TYPE_CHECKING:
    from experiments.repr.core.surfaces import SurfaceName

ROLL: Final = "swiss roll"
PCA_ARM, ISOMAP, SHORT_CUTS, AUTOENCODER = "PCA", "Isomap", "Isomap, short cuts", "autoencoder"


@observation
class SurfaceRow(Row):
    """One surface laid out by one method."""

    surface: str
    method: str
    geodesic_correlation: float
    """Of distances in the layout with distances along the surface, over all pairs of points."""
    trustworthiness: float
    """1 where a point's nearest in the layout are its nearest in space (Venna and Kaski 2001); about neighbors only."""


def run(points: Points) -> Iterator[Event]:
    from sklearn.manifold import trustworthiness

    from experiments.repr.core.geodesics import distance_correlation
    from experiments.repr.core.surfaces import SURFACES

    for done, name in enumerate(SURFACES):
        yield Progress("surfaces", done, len(SURFACES))
        surface = points.surface(name)
        for method, layout in layouts(points, name):
            yield SurfaceRow(
                surface=name,
                method=method,
                geodesic_correlation=distance_correlation(layout, surface.distances),
                trustworthiness=float(trustworthiness(surface.points, layout, n_neighbors=points.params.neighbors)),
            )


def layouts(points: Points, name: SurfaceName) -> Iterator[tuple[str, Floats]]:
    """Every method's layout (n, 2); the autoencoder's of the roll alone, the surface that the claim is about."""
    from experiments.repr.core.pca import PCA

    space = points.surface(name).points
    yield PCA_ARM, PCA.fit(space).encode(space, 2)
    yield ISOMAP, points.isomap(name, points.params.neighbors)
    yield SHORT_CUTS, points.isomap(name, points.params.too_many)
    if name == ROLL:
        yield AUTOENCODER, by_autoencoder(points, space)


def by_autoencoder(points: Points, space: Floats) -> Floats:
    """Codes (n, 2) at the rate of least error on further points of the roll."""
    from experiments.repr.core.autoencoders import Recipe, train_autoencoder
    from experiments.repr.core.surfaces import draw_surface

    asked = points.params
    others = draw_surface("swiss roll", asked.n, np.random.default_rng([points.seed, 29])).points
    recipes = [Recipe(hidden=asked.hidden, steps=asked.steps, batch_size=asked.batch_size, lr=lr) for lr in asked.lrs]
    networks = [train_autoencoder(space, 2, recipe, points.seed) for recipe in recipes]
    best = min(networks, key=lambda network: float(np.square(network.reconstruct(others) - others).mean()))
    return best.encode(space)


def unrolled(rows: Sequence[SurfaceRow]) -> Mapping[str, Pairs]:
    def reached(column: str, least: float) -> Pairs:
        return Pairs.against(by_seed(rows, column, surface=ROLL, method=AUTOENCODER), least)

    return {"its neighbors": reached("trustworthiness", 0.95), "its distances": reached("geodesic_correlation", 0.9)}


def headline(rows: Sequence[SurfaceRow]) -> list[SurfaceRow]:
    """The two surfaces between which PCA differs most."""
    return [row for row in rows if row.surface in (ROLL, "flat sheet")]


def followed(rows: Sequence[SurfaceRow]) -> str:
    """What the curve shows."""
    of_roll = {
        name: mean(rows, "geodesic_correlation", surface=ROLL, method=name) for name in (ISOMAP, PCA_ARM, SHORT_CUTS)
    }
    said = [f"{number(value)} by {name}" for name, value in of_roll.items()]
    return f"Correlation with distances along the Swiss roll: {', '.join(said)}"


PART = Part(
    name="surfaces",
    row=SurfaceRow,
    run=run,
    claims=(
        Claim(
            "isomap_unrolls_what_pca_cannot",
            statement="Isomap's layout of the Swiss roll follows the distances along it better than PCA's, by 0.2.",
            rule=Effect("correlation with distances along the roll, Isomap - PCA", delta=0.2),
            measure=paired("geodesic_correlation", {"surface": ROLL}, method=(ISOMAP, PCA_ARM)),
            topic="Manifolds: linear and nonlinear reduction",
            predicted="holds",
            source="Tenenbaum, de Silva and Langford 2000",
        ),
        Claim(
            "short_cuts_break_isomap",
            statement="With three times as many neighbors Isomap jumps from one turn to the next and loses 0.2.",
            rule=Effect("correlation with distances along the roll, few neighbors - too many", delta=0.2),
            measure=paired("geodesic_correlation", {"surface": ROLL}, method=(ISOMAP, SHORT_CUTS)),
            topic="Manifolds: short cuts",
            predicted="holds",
            source="pilot; Balasubramanian and Schwartz 2002: short circuits make Isomap unstable",
        ),
        Claim(
            "autoencoder_unrolls",
            statement="An autoencoder of two numbers unrolls the roll: neighbors stay so, distances follow.",
            rule=Under(
                {
                    "its neighbors": Effect("trustworthiness against 0.95", delta=0.0),
                    "its distances": Effect("correlation with distances along the roll against 0.9", delta=0.0),
                }
            ),
            measure=unrolled,
            topic="Manifolds: autoencoders",
            predicted={"its neighbors": "holds", "its distances": "refuted"},
            source="pilot",
        ),
    ),
    tables=(
        Table(
            "Surfaces in two dimensions",
            by=("surface", "method"),
            columns=("geodesic_correlation", "trustworthiness"),
        ),
    ),
    curves=(Curve("geodesic_correlation", "surface", "geodesic_correlation", "method", joined=False, title=followed),),
)
