"""The transformer beside scikit-learn's own, and under scikit-learn's own checks of an estimator."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.manifold import Isomap
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from experiments.ann.core.nsg.transformer import NSGTransformer


def points(n: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal((n, 6)).astype(np.float32)


@parametrize_with_checks([NSGTransformer(n_jobs=1), NSGTransformer(mode="connectivity", n_jobs=-1)])
@pytest.mark.filterwarnings("ignore")
def test_it_passes_the_checks_of_scikit_learn(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("mode", ["distance", "connectivity"])
def test_graph_is_that_of_scikit_learn(mode: Literal["distance", "connectivity"], metric: str) -> None:
    data = points(500)
    ours, theirs = (
        kind.fit(data[:400]).transform(data[400:])
        for kind in (
            NSGTransformer(mode=mode, n_neighbors=4, metric=metric, search_list_size=200),
            KNeighborsTransformer(mode=mode, n_neighbors=4, metric=metric),
        )
    )
    np.testing.assert_allclose(ours.toarray(), theirs.toarray(), atol=1e-4)


def test_it_stands_in_a_pipeline_and_can_be_cloned() -> None:
    data = points(300)
    labels = data[:, 0] > 0
    graph = NSGTransformer(n_neighbors=8)
    model = make_pipeline(clone(graph), KNeighborsClassifier(n_neighbors=5, metric="precomputed")).fit(data, labels)
    assert model.score(data, labels) > 0.9


def test_isomap_on_it_is_isomap_on_the_exact_graph() -> None:
    data = load_digits().data[:400]
    ours, theirs = (
        make_pipeline(graph, Isomap(n_neighbors=10, metric="precomputed", eigen_solver="dense")).fit_transform(data)
        for graph in (NSGTransformer(n_neighbors=10, search_list_size=400), KNeighborsTransformer(n_neighbors=10))
    )
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), rtol=1e-3, atol=1e-2)


def test_a_grid_search_sets_its_parameters() -> None:
    data = points(200)
    model = make_pipeline(NSGTransformer(n_neighbors=9), KNeighborsClassifier(n_neighbors=3, metric="precomputed"))
    search = GridSearchCV(model, {"nsgtransformer__metric": ["l2", "cosine"]}, cv=2).fit(data, data[:, 0] > 0)
    assert search.best_score_ > 0.7


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "graph"}, "mode: expected distance or connectivity, got 'graph'"),
        ({"metric": "ip"}, "metric: expected l2 or euclidean or cosine, got 'ip'"),
        ({"n_neighbors": 20}, "n_neighbors: expected 1 to 19 for 20 vectors, got 20"),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        NSGTransformer(**settings).fit_transform(points(20))
