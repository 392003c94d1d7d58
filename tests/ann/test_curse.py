"""How regressions are scored, and what the claims of the curse of dimensionality compare."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiments.ann.core.theory.regression import hidden_task, linear_task
from experiments.ann.curse import EXPERIMENT, contrast, features, nearest, projections
from experiments.ann.curse.features import FeaturesRow, regressor
from experiments.ann.curse.nearest import NearestRow
from experiments.ann.curse.projections import projected_neighbors
from experiments.ann.curse.setup import Params, held_out_error
from experiments.lab.experiment import Rows, plain_setup
from experiments.lab.judge.rules import compare


def test_held_out_error_is_that_of_a_fit_by_hand():
    task = linear_task(np.random.default_rng(5), 60, 2, 0.3)
    x = np.hstack([task.features, np.ones((60, 1))])
    weights = np.linalg.lstsq(x[:40], task.targets[:40], rcond=None)[0]
    expected = ((x[40:] @ weights - task.targets[40:]) ** 2).mean()
    assert held_out_error(regressor("ols", 5), task, 40) == pytest.approx(expected)


def test_projections_keep_the_wanted_components():
    arms = projected_neighbors(3, 2, seed=0)
    task = hidden_task(np.random.default_rng(6), 100, 2, 6, 3.0, 0.1)
    assert list(arms) == ["all features", "PCA", "random projection"]
    assert held_out_error(arms["PCA"], task, 80) != held_out_error(arms["all features"], task, 80)
    assert arms["PCA"][0].n_components == arms["random projection"][0].n_components == 2


@pytest.mark.parametrize(("exponent", "outcome"), [(-1 / 3, "holds"), (-0.3, "refuted")])
def test_nearest_distances_are_judged_by_their_dimension(exponent, outcome):
    rows = [
        NearestRow(seed=seed, dim=3, n=n, nearest_distance=n**exponent * (1 + seed * n / 1e8), expected_distance=0.0)
        for n in (100, 200, 400, 800, 1600)
        for seed in range(3)
    ]
    (claim,) = nearest.PART.claims
    found = compare(claim.rule, claim.measure(rows))
    assert {name: part.outcome for name, part in found.parts.items()} == {"3 dimensions": outcome}


def needing(samples, model="ols", seeds=3):
    """Rows of a model that needs ``samples`` of the number of features."""
    return [
        FeaturesRow(seed=seed, model=model, irrelevant=dim - 5, dim=dim, samples=samples(dim), least_squares_samples=1)
        for dim in (5, 6, 8, 10, 20, 40)
        for seed in range(seeds)
    ]


def test_samples_are_judged_by_their_exponent_and_least_squares_by_proportion():
    more, proportion, quarter = features.PART.claims
    rows = [*needing(lambda p: 3 * p), *needing(lambda p: 1.5**p, "knn"), *needing(lambda p: p**0.3, "lasso")]
    found = compare(more.rule, more.measure(rows)).parts
    assert [part.outcome for part in found.values()] == ["holds", "holds", "refuted"]
    assert compare(proportion.rule, proportion.measure(rows)).outcome == "holds"
    assert compare(quarter.rule, quarter.measure(rows)).outcome == "holds"
    assert compare(quarter.rule, quarter.measure(needing(lambda p: 1.1**p, "knn"))).outcome == "refuted"


def test_numbers_of_features_that_a_model_does_not_cope_with_are_left_out():
    rows = needing(lambda p: math.nan if p > 10 else 2**p, "knn")
    assert sorted({row.dim for row in features.reached(rows, "knn")}) == [5, 6, 8, 10]


def test_least_squares_needs_the_samples_that_theory_expects():
    setup = plain_setup(Params(models=("ols",), irrelevant=(0, 15), draws=20), 0)
    for row in features.run(setup):
        if isinstance(row, FeaturesRow):
            assert row.samples == pytest.approx(row.least_squares_samples, rel=0.2)


def test_only_models_that_ran_are_compared_and_answered():
    setup = plain_setup(Params(models=("ols",), irrelevant=(0, 3), dims=(2, 4)), 0)
    fitted = [row for row in features.run(setup) if isinstance(row, FeaturesRow)]
    seen = list(contrast.run(setup))
    assert list(features.per_sample(fitted)) == ["least squares"]
    said = EXPERIMENT.answer({}, Rows({"features": fitted, "contrast": seen}))
    assert "least squares" in said
    assert "lasso" not in said


def test_pca_is_compared_at_each_spread():
    rows = list(projections.run(plain_setup(Params(samples=50), 0)))
    wide, narrow = (claim.measure(rows) for claim in projections.PART.claims)
    assert wide.treatment != narrow.treatment
    assert wide.treatment == {0: next(row.test_error for row in rows if row.model == "all features")}


def test_the_surface_may_not_have_more_dimensions_than_coordinates():
    with pytest.raises(ValueError, match="expected at most min"):
        Params(dims=(2, 8), intrinsic_dim=3)
