"""The k-d tree against scipy and counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from experiments.ann.core.exact.kdtree import build_tree, search_tree


def vectors(seed: int, n: int, dim: int) -> np.ndarray:
    return np.random.default_rng(seed).random((n, dim), dtype=np.float32)


@pytest.mark.parametrize(("dim", "leaf_size"), [(1, 1), (2, 4), (8, 16), (8, 1000)])
def test_unlimited_tree_search_equals_scipy(dim, leaf_size):
    base, queries = vectors(0, 300, dim), vectors(1, 40, dim)
    answer = search_tree(build_tree(base, leaf_size), queries, 7)
    distances, ids = cKDTree(base).query(queries, k=7)
    assert answer.ids.tolist() == ids.tolist()
    assert np.sqrt(answer.squared) == pytest.approx(distances, rel=1e-5)


def test_leaves_are_small_disjoint_and_inside_their_boxes():
    base = vectors(2, 100, 3)
    tree = build_tree(base, 8)
    leaf = tree.children[:, 0] < 0
    sizes = np.diff(tree.ranges[leaf], axis=1)
    assert (sizes.max() <= 8, sizes.sum(), sorted(tree.ids)) == (True, 100, list(range(100)))
    assert (tree.points == base[tree.ids]).all()
    for (start, stop), low, high in zip(tree.ranges, tree.low, tree.high, strict=True):
        assert (tree.points[start:stop].min(axis=0) == low).all()
        assert (tree.points[start:stop].max(axis=0) == high).all()


def test_tree_search_stops_after_its_leaves_and_counts_them():
    tree = build_tree(vectors(3, 128, 4), 8)
    answer = search_tree(tree, vectors(4, 10, 4), 3, max_leaves=1)
    assert answer.points_measured.tolist() == [8] * 10
    whole = search_tree(tree, vectors(4, 10, 4), 128)
    assert whole.points_measured.tolist() == [128] * 10
    assert whole.boxes_measured.tolist() == [len(tree.children)] * 10


def test_coinciding_points_stay_in_one_leaf_and_missing_neighbors_are_marked():
    tree = build_tree(np.ones((5, 2), np.float32), 2)
    assert tree.leaves == 1
    answer = search_tree(tree, np.zeros((1, 2), np.float32), 7)
    assert answer.ids[0].tolist() == [0, 1, 2, 3, 4, -1, -1]
    assert answer.squared[0].tolist() == [2.0] * 5 + [np.inf] * 2
