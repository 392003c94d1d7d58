"""What is the curse of dimensionality: which dimension counts, and for which model?

Distances lose their contrast with the number of independent coordinates, but not with the number of coordinates of a
curved surface; and more features ask for more samples with nearest neighbors far more than with least squares or the
lasso.

Notes: curse of dimensionality, representation learning (004:32-36). Source: Beyer, Goldstein, Ramakrishnan, Shaft: When
is "nearest neighbor" meaningful?, ICDT 1999; Stone: Optimal global rates of convergence for nonparametric regression,
Annals of Statistics 10(4), 1982.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, effect, order, ratio, slope

Model = Literal["knn", "ols", "lasso"]

TEST_POINTS = 1000
SPREADS = (3.0, 1.0)
"""Standard deviations of the directions with signal, beside 1 in every other direction."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dims: Annotated[tuple[Annotated[int, Field(ge=1, le=8192)], ...], Field(min_length=1)] = (2, 8, 32)
    """Numbers of coordinates of the contrast sweep."""
    n: Annotated[int, Field(ge=100, le=1_000_000)] = 300
    """Points of the contrast sweep."""
    queries: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Queries of the contrast sweep, drawn like the points."""
    intrinsic_dim: Annotated[int, Field(ge=1)] = 2
    """Dimension of the curved surface and of the projected signal, at most the smallest of dims."""
    exponent_dims: tuple[Annotated[int, Field(ge=1, le=16)], ...] = (1, 2)
    """Dimensions in which the distance to the nearest point is followed over ns."""
    ns: tuple[Annotated[int, Field(ge=8, le=1_000_000)], ...] = (128, 256, 512)
    """Numbers of points for that; the exponent needs five."""
    models: Annotated[tuple[Model, ...], Field(min_length=1)] = ("knn", "ols", "lasso")
    """Regressions that meet irrelevant features."""
    irrelevant: Annotated[tuple[Annotated[int, Field(ge=0, le=1000)], ...], Field(min_length=2)] = (0, 50)
    """Numbers of standard normal features without influence, beside 5 relevant ones."""
    samples: Annotated[int, Field(ge=20, le=100_000)] = 200
    """Training points of a regression."""
    noise: Annotated[float, Field(gt=0)] = 0.3
    """Standard deviation of the targets' noise; their signal has variance 1."""
    k: Annotated[int, Field(ge=1, le=100)] = 5
    """Neighbors of the nearest-neighbor regression and of the hub count."""

    def __post_init__(self) -> None:
        if self.intrinsic_dim > min(self.dims):
            raise ValueError(f"intrinsic_dim: expected at most min(dims) = {min(self.dims)}, got {self.intrinsic_dim}")


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """"contrast", "nearest", "regression" or "projection"."""
    data: str
    """Where the points come from; for projections, how much wider the signal is spread than each irrelevant feature."""
    dim: int
    """Coordinates or features."""
    n: int
    model: str = ""
    irrelevant: int = 0
    contrast: float = nan
    """Median over queries of (D_max - D_min) / D_min."""
    hubness: float = nan
    """Skewness of the number of times a point is a neighbor."""
    nearest_distance: float = nan
    """Mean distance to the nearest other point on the unit torus."""
    expected_distance: float = nan
    test_error: float = nan
    """Mean squared error on new points; the targets have variance 1 + noise^2."""
    expected_error: float = nan
    """Of least squares with a Gaussian design."""


def run(params: Params, seed: int) -> Iterator[Event]:
    for dim in params.dims:
        yield from contrasts(params, dim, seed)
    for number, dim in enumerate(params.exponent_dims):
        yield Progress("nearest distances", number, len(params.exponent_dims))
        yield from nearest_distances(params, dim, seed)
    for irrelevant in params.irrelevant:
        yield from regressions(params, irrelevant, seed)
    for spread in SPREADS:
        yield from projections(params, spread, seed)


def contrasts(params: Params, dim: int, seed: int) -> Iterator[Row]:
    """Contrast and hubs of independent coordinates and of a curved surface in as many coordinates."""
    from experiments.ann.core.theory.concentration import curved_sheet, hubness, relative_contrast

    rng = np.random.default_rng((seed, dim))
    total = params.n + params.queries
    sources = {
        "independent": rng.random((total, dim)),
        "surface": curved_sheet(rng, total, dim, params.intrinsic_dim),
    }
    for data, points in sources.items():
        contrast = float(np.median(relative_contrast(points[: params.n], points[params.n :])))
        hubs = hubness(points[: min(params.n, 2000)], params.k)
        yield Row(part="contrast", data=data, dim=dim, n=params.n, contrast=contrast, hubness=hubs)


def nearest_distances(params: Params, dim: int, seed: int) -> Iterator[Row]:
    from experiments.ann.core.theory.concentration import expected_nearest_distance, torus_nearest_distances

    for n in params.ns:
        points = np.random.default_rng((seed, dim, n)).random((n, dim))
        distance, theory = float(torus_nearest_distances(points).mean()), expected_nearest_distance(n, dim)
        yield Row(part="nearest", data="torus", dim=dim, n=n, nearest_distance=distance, expected_distance=theory)


def regressions(params: Params, irrelevant: int, seed: int) -> Iterator[Row]:
    """Test error of each model on one linear truth with more and more irrelevant features."""
    from experiments.ann.core.theory.concentration import random_design_risk
    from experiments.ann.core.theory.regression import held_out_error, linear_task, regressor

    task = linear_task(np.random.default_rng(seed), params.samples + TEST_POINTS, irrelevant, params.noise)
    features = task.features.shape[1]
    theory = random_design_risk(params.noise**2, params.samples, features)
    for model in params.models:
        yield Row(
            part="regression",
            data="linear",
            dim=features,
            n=params.samples,
            model=model,
            irrelevant=irrelevant,
            test_error=held_out_error(regressor(model, params.k), task, params.samples),
            expected_error=theory if model == "ols" else nan,
        )


def projections(params: Params, spread: float, seed: int) -> Iterator[Row]:
    """Nearest neighbors on a signal hidden among max(irrelevant) directions, and after two projections."""
    from experiments.ann.core.theory.regression import held_out_error, hidden_task, projected_neighbors

    total, hidden = params.samples + TEST_POINTS, max(params.irrelevant)
    task = hidden_task(np.random.default_rng(seed), total, params.intrinsic_dim, hidden, spread, params.noise)
    for model, pipeline in projected_neighbors(params.k, params.intrinsic_dim, seed).items():
        yield Row(
            part="projection",
            data=spread_name(spread),
            dim=task.features.shape[1],
            n=params.samples,
            model=model,
            test_error=held_out_error(pipeline, task, params.samples),
        )


def spread_name(spread: float) -> str:
    return f"signal {spread:g} times as wide"


def contrast_falls_with_independent_coordinates(rows: Sequence[Row]) -> Comparison:
    found = {(row.seed, row.dim): row.contrast for row in rows if row.data == "independent"}
    dims, seeds = sorted({dim for _, dim in found}), sorted({seed for seed, _ in found})
    return order(dims, {seed: [found[seed, dim] for dim in dims] for seed in seeds}, direction="falling")


def contrast_falls_tenfold(rows: Sequence[Row]) -> Comparison:
    dims = sorted({row.dim for row in rows if row.part == "contrast"})

    def contrast(data: str, dim: int) -> dict[int, float]:
        return by_seed(rows, lambda row: row.contrast, lambda row: row.data == data and row.dim == dim)

    def compare(data: str) -> Comparison:
        return ratio(contrast(data, dims[0]), contrast(data, dims[-1]), at_least=10.0)

    return conditional({"independent coordinates": compare("independent"), "a curved surface": compare("surface")})


def nearest_distance_falls_as_a_power_of_n(rows: Sequence[Row]) -> Comparison:
    found = {(row.dim, row.seed, row.n): row.nearest_distance for row in rows if row.part == "nearest"}
    ns, seeds = sorted({n for _, _, n in found}), sorted({seed for _, seed, _ in found})
    parts = {}
    for dim in sorted({dim for dim, _, _ in found}):
        distances = {seed: [found[dim, seed, n] for n in ns] for seed in seeds}
        parts[f"{dim} dimensions" if dim > 1 else "1 dimension"] = slope(ns, distances, theory=-1 / dim, tolerance=0.02)
    return conditional(parts)


def more_features_need_more_samples(rows: Sequence[Row]) -> Comparison:
    regressed = [row for row in rows if row.part == "regression"]
    counts = sorted({row.irrelevant for row in regressed})

    def error(model: str, count: int) -> dict[int, float]:
        return by_seed(regressed, lambda row: row.test_error, lambda row: (row.model, row.irrelevant) == (model, count))

    names = {"knn": "nearest neighbors", "ols": "least squares", "lasso": "lasso with a sparse truth"}
    present = {row.model for row in regressed}
    return conditional(
        {
            name: effect(error(model, counts[-1]), error(model, counts[0]), delta=0.02)
            for model, name in names.items()
            if model in present
        }
    )


def gain_of_pca(rows: Sequence[Row], spread: float) -> Comparison:
    """By how much the error of nearest neighbors falls with PCA."""

    def error(model: str) -> dict[int, float]:
        chosen = (spread_name(spread), model)
        return by_seed(rows, lambda row: row.test_error, lambda row: (row.data, row.model) == chosen)

    return effect(error("all features"), error("PCA"), delta=0.1)


def pca_restores_nearest_neighbors(rows: Sequence[Row]) -> Comparison:
    return gain_of_pca(rows, SPREADS[0])


def pca_needs_a_wide_signal(rows: Sequence[Row]) -> Comparison:
    return gain_of_pca(rows, SPREADS[1])


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="The relative contrast of distances falls as independent coordinates are added",
            notes="curse of dimensionality (004:32)",
            kind="order",
            rule="holds iff the median contrast falls over dims with rho <= -0.9 and Page's p < 0.01",
            predicted="holds",
            judge=contrast_falls_with_independent_coordinates,
        ),
        Claim(
            statement="From the fewest to the most coordinates the contrast falls at least tenfold",
            notes="curse of dimensionality, manifold (004:35-36)",
            kind="conditional",
            rule="ratio of the contrasts above 10, once for independent coordinates and once for a curved surface",
            predicted="conditional",
            judge=contrast_falls_tenfold,
        ),
        Claim(
            statement="The distance to the nearest of n points falls like n^(-1/d)",
            notes="features and samples (004:33)",
            kind="conditional",
            rule="in each dimension d: exponent over n equal to -1/d within the interval, half width at most 0.02",
            predicted="holds",
            judge=nearest_distance_falls_as_a_power_of_n,
        ),
        Claim(
            statement="More features need more samples: with the most irrelevant features the error rises by over 0.02",
            notes="features and samples (004:33)",
            kind="conditional",
            rule="per model: test error with the most minus with the fewest irrelevant features above 0.02, same "
            "samples",
            predicted="conditional",
            judge=more_features_need_more_samples,
        ),
        Claim(
            statement="PCA to the intrinsic dimension restores nearest neighbors if the signal is spread 3 times as "
            "wide",
            notes="reducing dimensions (004:32-34)",
            kind="effect",
            rule="error with all features minus error after PCA above 0.1, a tenth of the signal's variance",
            predicted="holds",
            judge=pca_restores_nearest_neighbors,
        ),
        Claim(
            statement="PCA restores nearest neighbors even if every irrelevant direction is as wide as the signal",
            notes="reducing dimensions (004:32-34)",
            kind="effect",
            rule="error with all features minus error after PCA above 0.1, a tenth of the signal's variance",
            predicted="refuted",
            judge=pca_needs_a_wide_signal,
        ),
    ),
    tables=(
        Table(
            title="Contrast and hubs",
            by=("data", "dim"),
            columns=("contrast", "hubness"),
            where=lambda row: row.part == "contrast",
        ),
        Table(
            title="Distance to the nearest point",
            by=("dim", "n"),
            columns=("nearest_distance", "expected_distance"),
            where=lambda row: row.part == "nearest",
        ),
        Table(
            title="Test error with irrelevant features",
            by=("model", "irrelevant"),
            columns=("test_error", "expected_error"),
            where=lambda row: row.part == "regression",
        ),
        Table(
            title="Nearest neighbors after a projection",
            by=("data", "model"),
            columns=("test_error",),
            where=lambda row: row.part == "projection",
        ),
    ),
    curves=(
        Curve(
            name="contrast_by_dimension",
            x="dim",
            y="contrast",
            group="data",
            x_scale="log",
            y_scale="log",
            where=lambda row: row.part == "contrast",
        ),
        Curve(
            name="nearest_distance_by_size",
            x="n",
            y="nearest_distance",
            group="dim",
            x_scale="log",
            y_scale="log",
            where=lambda row: row.part == "nearest",
        ),
        Curve(
            name="error_by_irrelevant_features",
            x="irrelevant",
            y="test_error",
            group="model",
            where=lambda row: row.part == "regression",
        ),
    ),
)
