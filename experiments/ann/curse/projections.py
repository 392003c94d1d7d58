"""Nearest neighbors on a signal hidden among irrelevant directions, with all features and after two projections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from experiments.ann.curse.setup import TEST_POINTS, Params, held_out_error
from experiments.lab.experiment import Part, Row, Setup, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measures import paired
from experiments.lab.judge.rules import Effect

WIDE, NARROW = 3.0, 1.0
"""Standard deviations of the directions with signal, beside 1 in every other direction."""


@observation
class ProjectionRow(Row):
    """Nearest neighbors after one projection."""

    spread: float
    """How much wider the signal is spread than each irrelevant direction."""
    model: str
    dim: int
    """Features before the projection."""
    n: int
    """Samples for fitting."""
    test_error: float
    """Mean squared error on new points; the targets have variance 1 + noise^2."""


def run(setup: Setup[Params]) -> Iterator[ProjectionRow]:
    from experiments.ann.core.theory.regression import hidden_task

    params = setup.params
    for spread in (WIDE, NARROW):
        total, rng = params.samples + TEST_POINTS, np.random.default_rng(setup.seed)
        task = hidden_task(rng, total, params.intrinsic_dim, params.hidden, spread, params.noise)
        for model, pipeline in projected_neighbors(params.k, params.intrinsic_dim, setup.seed).items():
            yield ProjectionRow(
                spread=spread,
                model=model,
                dim=task.features.shape[1],
                n=params.samples,
                test_error=held_out_error(pipeline, task, params.samples),
            )


def projected_neighbors(k: int, components: int, seed: int) -> dict[str, Any]:
    """Nearest-neighbor regression on all features, after PCA, and after a random projection, each to ``components``."""
    from sklearn.decomposition import PCA
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.random_projection import GaussianRandomProjection

    random = GaussianRandomProjection(components, random_state=seed)
    return {
        "all features": KNeighborsRegressor(k),
        "PCA": make_pipeline(PCA(components), KNeighborsRegressor(k)),
        "random projection": make_pipeline(random, KNeighborsRegressor(k)),
    }


PART = Part(
    name="projections",
    row=ProjectionRow,
    run=run,
    claims=(
        Claim(
            "pca_restores_nearest_neighbors",
            statement="PCA to the intrinsic dimension restores nearest neighbors if the signal is spread 3 times as "
            "wide.",
            rule=Effect("test error with all features - after PCA; the signal has variance 1", delta=0.1),
            measure=paired("test_error", {"spread": WIDE}, model=("all features", "PCA")),
            topic="reducing dimensions by PCA",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "pca_needs_a_wide_signal",
            statement="PCA restores nearest neighbors even if every irrelevant direction is as wide as the signal.",
            rule=Effect("test error with all features - after PCA; the signal has variance 1", delta=0.1),
            measure=paired("test_error", {"spread": NARROW}, model=("all features", "PCA")),
            topic="reducing dimensions by PCA, limits",
            predicted="refuted",
            source="PCA keeps the directions of largest variance, which says nothing of the target",
        ),
    ),
    tables=(Table(title="Nearest neighbors after a projection", by=("spread", "model"), columns=("test_error",)),),
)
