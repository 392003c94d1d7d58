"""k-d tree, hashing and the methods of the frontier against scipy, counts by hand and faiss."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from experiments.ann.core.exact.exact import exact_neighbors
from experiments.ann.core.exact.kdtree import build_tree, search_tree
from experiments.ann.core.rivals import methods
from experiments.ann.core.rivals.hashing import build_tables, fold, search_tables
from experiments.ann.core.rivals.optional_methods import LIBRARIES, installed, optional_method
from experiments.ann.core.theory.agreement import ONE_LEAF, distance_ratio, exact_answer_errors


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


def test_tables_find_exactly_what_shares_a_cell():
    base, queries = vectors(5, 200, 6), vectors(6, 20, 6)
    index = build_tables(base, 3, 4, 0.5, np.random.default_rng(0))
    cells, asked = (
        np.floor(x @ index.directions / np.float32(0.5) + index.offsets).reshape(len(x), 3, 4) for x in (base, queries)
    )
    for tables in (1, 2, 3):
        answer = search_tables(index, queries, 200, tables)
        same = (cells[None, :, :tables] == asked[:, None, :tables]).all(axis=3).any(axis=2)
        assert answer.points_measured.tolist() == same.sum(axis=1).tolist()
        for row in range(20):
            assert set(answer.ids[row]) - {-1} == set(np.flatnonzero(same[row]))


def test_a_wide_cell_makes_hashing_exact_and_a_base_vector_finds_itself():
    base = vectors(7, 100, 5)
    wide = build_tables(base, 2, 3, 1e6, np.random.default_rng(0))
    assert search_tables(wide, base[:9], 4, 2).ids.tolist() == cKDTree(base).query(base[:9], k=4)[1].tolist()
    narrow = build_tables(base, 1, 8, 1e-3, np.random.default_rng(0))
    assert search_tables(narrow, base, 1, 1).ids[:, 0].tolist() == list(range(100))
    assert (fold(base, narrow.directions, narrow.offsets, narrow.width, narrow.mixers) >= -(2**63)).all()


def test_cell_width_has_to_be_positive():
    with pytest.raises(ValueError, match="expected a positive cell width, got 0"):
        build_tables(vectors(8, 4, 2), 1, 1, 0.0, np.random.default_rng(0))


@pytest.mark.parametrize("dim", [8, 13])
def test_every_method_is_exact_at_full_effort_but_for_quantization(dim):
    base, queries = vectors(9, 400, dim), vectors(10, 20, dim)
    truth = exact_neighbors(base, queries, 5, threads=1)[0]
    with methods.one_thread():
        found = {
            methods.exact_scan(base): 1,
            methods.kd_tree(base, leaf_size=8): 400,
            methods.inverted_lists(base, nlist=8): 8,
            methods.hnsw(base, links=16, search_list_size=100): 400,
            methods.nsg(base, max_degree=16, search_list_size=50, seed=0): 400,
        }
        for method, effort in found.items():
            assert np.asarray(method.search(queries, 5, effort)).tolist() == truth.tolist(), method.name
        quantized = methods.inverted_lists(base, nlist=8, pq_subvectors=4)
        assert quantized.index_bytes < methods.inverted_lists(base, nlist=8).index_bytes
        assert (
            np.mean([len({*a} & {*b}) / 5 for a, b in zip(quantized.search(queries, 5, 8), truth, strict=True)]) > 0.3
        )


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name == "pynndescent" else name for name in LIBRARIES],
)
def test_other_libraries_find_neighbors_where_they_are_installed(name):
    if not installed(name):
        pytest.skip(f"{name} is not installed")
    base, queries = vectors(13, 400, 8), vectors(14, 20, 8)
    with methods.one_thread():
        method = optional_method(name, base, links=16, search_list_size=100, seed=0)
        found = method.search(queries, 5, 400)
    truth = exact_neighbors(base, queries, 5, threads=1)[0]
    assert found.shape == (20, 5)
    assert np.mean([len({*a} & {*b}) / 5 for a, b in zip(found, truth, strict=True)]) > 0.8
    assert np.isnan(method.count(queries, 5, 10))


def test_exact_answers_agree_and_one_leaf_does_not():
    base, queries = vectors(15, 200, 6), vectors(16, 9, 6)
    errors = exact_answer_errors(base, queries, 5, 8)
    assert errors.pop(ONE_LEAF) > 1e-2
    assert max(errors.values()) < 1e-6
    assert len(errors) == 4


def test_distance_ratio_by_hand():
    found, truth = np.array([[4.0, 16.0, np.inf]], np.float32), np.array([[1.0, 4.0, 9.0]], np.float32)
    assert distance_ratio(found, truth) == 2
    assert np.isnan(distance_ratio(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32)))


def test_counts_are_those_of_the_definition():
    base, queries = vectors(11, 256, 4), vectors(12, 10, 4)
    with methods.one_thread():
        assert methods.exact_scan(base).count(queries, 3, 1) == 256
        assert methods.inverted_lists(base, nlist=4).count(queries, 3, 4) == 4 + 256
        assert methods.kd_tree(base, leaf_size=256).count(queries, 3, 1) == 1 + 256
        tables = methods.hash_tables(base, tables=2, projections=3, k=3, seed=0)
        assert tables.count(queries, 3, 2) >= tables.count(queries, 3, 1) > 3
        speed = methods.queries_per_second(methods.exact_scan(base), queries, 3, 1, batch=False, repeats=2)
    assert speed > 0
