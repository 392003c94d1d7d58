"""Isomap whose graph joins all points is PCA: no way is shorter than the straight one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from experiments.foundation.statements.trials import TRIALS, TrialRow, instances
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Theorem
from experiments.repr.manifold.setup import Floats, Points

N = 60


def run(points: Points) -> Iterator[TrialRow]:
    from experiments.repr.core.surfaces import draw_surface

    rng = np.random.default_rng([points.seed, 11])
    for _ in range(points.params.trials):
        yield isomap_trial("flat sheet", draw_surface("flat sheet", N, rng).points)
        yield isomap_trial("swiss roll", draw_surface("swiss roll", N, rng).points)
        yield isomap_trial("Gaussian", rng.standard_normal((N, 5)))


def isomap_trial(case: str, points: Floats) -> TrialRow:
    """Distances in two dimensions by Isomap and by PCA, over the largest of them; the control scales squared ones."""
    from experiments.repr.core.geodesics import classical_scaling, geodesic_distances, squared_distances
    from experiments.repr.core.pca import PCA

    flat = np.sqrt(squared_distances(PCA.fit(points).encode(points, 2)))
    ways = geodesic_distances(points, len(points) - 1)
    return TrialRow(
        statement="all neighbors",
        case=case,
        error=off(classical_scaling(ways, 2), flat),
        control_error=off(classical_scaling(ways**2, 2), flat),
    )


def off(embedded: Floats, wanted: Floats) -> float:
    from experiments.repr.core.geodesics import squared_distances

    return float(np.abs(np.sqrt(squared_distances(embedded)) - wanted).max() / wanted.max())


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "isomap_with_all_neighbors_is_pca",
            statement="Isomap whose graph joins every two points is PCA.",
            rule=Theorem(
                "the distances of its points are those of PCA's, relative to the largest",
                control="scaling of squared distances",
                tolerance=1e-6,
            ),
            measure=instances("all neighbors"),
            topic="Manifolds: linear and nonlinear reduction",
            predicted="holds",
            source="Torgerson 1952: classical scaling of Euclidean distances is PCA",
        ),
    ),
    tables=(TRIALS,),
)
