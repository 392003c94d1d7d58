"""Contrast of distances, and hubs, in more and more coordinates: independent ones, and those of a curved surface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from experiments.ann.curse.setup import Params
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Setup, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Points
from experiments.lab.judge.measures import by_seed, points
from experiments.lab.judge.rules import Each, Order, Ratio

MOST_FOR_HUBS = 2000
"""Points among which hubs are counted, whose distances take n^2."""
SHOWN = Table(title="Contrast and hubs", by=("data", "dim"), columns=("contrast", "hubness"))


@observation
class ContrastRow(Row):
    """One set of points."""

    data: str
    """Where the points come from."""
    dim: int
    """Coordinates."""
    n: int
    contrast: float
    """Median over queries of (D_max - D_min) / D_min."""
    hubness: float
    """Skewness of the number of times a point is a neighbor."""


def run(setup: Setup[Params]) -> Iterator[ContrastRow]:
    from experiments.ann.core.theory.concentration import curved_sheet, hubness, relative_contrast

    params = setup.params
    n, total = params.n, params.n + params.queries
    for dim in params.dims:
        rng = np.random.default_rng((setup.seed, dim))
        sources = {
            "independent": rng.random((total, dim)),
            "surface": curved_sheet(rng, total, dim, params.intrinsic_dim),
        }
        for data, drawn in sources.items():
            yield ContrastRow(
                data=data,
                dim=dim,
                n=n,
                contrast=float(np.median(relative_contrast(drawn[:n], drawn[n:]))),
                hubness=hubness(drawn[: min(n, MOST_FOR_HUBS)], params.k),
            )


def contrast_by_dimension(rows: Sequence[ContrastRow]) -> Points:
    return points(rows, "dim", "contrast", data="independent")


def fewest_over_most(rows: Sequence[ContrastRow]) -> Mapping[str, Pairs]:
    """Contrast in the fewest coordinates against that in the most."""
    dims = [row.dim for row in rows]
    first, last = (
        {data: by_seed(rows, "contrast", data=data, dim=dim) for data in ("independent", "surface")}
        for dim in (min(dims), max(dims))
    )
    names = {"independent coordinates": "independent", "a curved surface": "surface"}
    return {name: Pairs(first[data], last[data]) for name, data in names.items()}


def ends(rows: Sequence[ContrastRow], data: str) -> tuple[str, str]:
    """The contrast in the fewest and in the most coordinates, for reading."""
    dims = [row.dim for row in rows]
    fewest, most = (number(mean(rows, "contrast", data=data, dim=dim)) for dim in (min(dims), max(dims)))
    return fewest, most


def contrast_of_both(rows: Sequence[ContrastRow]) -> str:
    own, surface = ends(rows, "independent"), ends(rows, "surface")
    return f"Contrast of independent coordinates: {own[0]} to {own[1]}, of a surface's: {surface[0]} to {surface[1]}"


PART = Part(
    name="contrast",
    row=ContrastRow,
    run=run,
    claims=(
        Claim(
            "contrast_falls_with_independent_coordinates",
            statement="The relative contrast of distances falls as independent coordinates are added.",
            rule=Order("median contrast over the number of coordinates", direction="falling"),
            measure=contrast_by_dimension,
            topic="curse of dimensionality: contrast",
            predicted="holds",
            source="Beyer et al. 1999",
        ),
        Claim(
            "contrast_falls_tenfold",
            statement="From the fewest to the most coordinates the contrast falls at least tenfold.",
            rule=Each(
                Ratio("contrast in the fewest over that in the most coordinates", at_least=10), per="kind of data"
            ),
            measure=fewest_over_most,
            topic="curse of dimensionality: contrast on a manifold",
            predicted={"independent coordinates": "holds", "a curved surface": "refuted"},
            source="Beyer et al. 1999: data of low implicit dimension keep their contrast",
        ),
    ),
    tables=(SHOWN,),
    curves=(
        Curve("contrast_by_dimension", "dim", "contrast", "data", x_scale="log", y_scale="log", title=contrast_of_both),
    ),
)
