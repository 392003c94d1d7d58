"""The transformer beside scikit-learn's own."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer
from sklearn.pipeline import make_pipeline

from experiments.ann.core.transformer import NSGTransformer


def points(n: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal((n, 6)).astype(np.float32)


@pytest.mark.parametrize("mode", ["distance", "connectivity"])
def test_graph_is_that_of_scikit_learn(mode: Literal["distance", "connectivity"]) -> None:
    data = points(500)
    ours = NSGTransformer(mode=mode, n_neighbors=4, search_list_size=200).fit(data[:400]).transform(data[400:])
    theirs = KNeighborsTransformer(mode=mode, n_neighbors=4).fit(data[:400]).transform(data[400:])
    np.testing.assert_allclose(ours.toarray(), theirs.toarray(), atol=1e-4)


def test_it_stands_in_a_pipeline_and_can_be_cloned() -> None:
    data = points(300)
    labels = data[:, 0] > 0
    graph = NSGTransformer(n_neighbors=8)
    model = make_pipeline(clone(graph), KNeighborsClassifier(n_neighbors=5, metric="precomputed")).fit(data, labels)
    assert model.score(data, labels) > 0.9
