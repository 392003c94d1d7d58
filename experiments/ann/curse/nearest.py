"""How the distance to the nearest of n points falls with n, dimension by dimension."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from experiments.ann.curse.setup import Params
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Setup, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Points
from experiments.lab.judge.measures import points
from experiments.lab.judge.rules import Each, Slope


@observation
class NearestRow(Row):
    """Uniform points of one number and dimension."""

    dim: int
    n: int
    nearest_distance: float
    """Mean distance to the nearest other point on the unit torus."""
    expected_distance: float


def run(setup: Setup[Params]) -> Iterator[Event]:
    from experiments.ann.core.theory.concentration import expected_nearest_distance, torus_nearest_distances

    dims = setup.params.exponent_dims
    for done, dim in enumerate(dims):
        yield Progress("nearest distances", done, len(dims))
        for n in setup.params.ns:
            drawn = np.random.default_rng((setup.seed, dim, n)).random((n, dim))
            yield NearestRow(
                dim=dim,
                n=n,
                nearest_distance=float(torus_nearest_distances(drawn).mean()),
                expected_distance=expected_nearest_distance(n, dim),
            )


def distance_times_root(rows: Sequence[NearestRow]) -> Mapping[str, Points]:
    """Per dimension d the distance times n^(1/d): its exponent is by how much that of the distance exceeds -1/d."""
    return {
        f"{dim} dimensions" if dim > 1 else "1 dimension": points(
            rows, "n", lambda row: row.nearest_distance * row.n ** (1 / row.dim), dim=dim
        )
        for dim in sorted({row.dim for row in rows})
    }


def gain_of_points(rows: Sequence[NearestRow]) -> str:
    fewest, most = min(row.n for row in rows), max(row.n for row in rows)
    said = []
    for dim in (min(row.dim for row in rows), max(row.dim for row in rows)):
        first, last = (mean(rows, "nearest_distance", dim=dim, n=n) for n in (fewest, most))
        said.append(f"{number(first / last, 2)} at d = {dim}")
    return f"With {number(most / fewest)} times the points the nearest is this many times as near: {', '.join(said)}"


PART = Part(
    name="nearest",
    row=NearestRow,
    run=run,
    claims=(
        Claim(
            "nearest_distance_falls_as_a_power_of_n",
            statement="The distance to the nearest of n points falls like n^(-1/d).",
            rule=Each(Slope("distance x n^(1/d) over n", theory=0, tolerance=0.02), per="dimension"),
            measure=distance_times_root,
            topic="curse of dimensionality: nearest distance",
            predicted="holds",
            source="a ball of radius r has volume V r^d; Stone 1982 for the rates that follow",
        ),
    ),
    tables=(
        Table(
            title="Distance to the nearest point", by=("dim", "n"), columns=("nearest_distance", "expected_distance")
        ),
    ),
    curves=(
        Curve(
            "nearest_distance_by_size",
            "n",
            "nearest_distance",
            "dim",
            x_scale="log",
            y_scale="log",
            title=gain_of_points,
        ),
    ),
)
