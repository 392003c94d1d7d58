"""Cutting an index into shards: nothing is lost, and the answers become one as if there were one index."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.ann.core.exact.exact import distances_of, exact_neighbors, recall_by_distance
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.nsg.sharding import Shard, ShardedNSG, merge, partition


def gauss(n: int, d: int = 12, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(1, 200), st.integers(1, 9), st.integers(0, 99))
def test_every_vector_is_in_one_shard_and_sizes_differ_by_one_at_most(n: int, shards: int, seed: int) -> None:
    parts = partition(n, min(shards, n), seed)
    assert sorted(np.concatenate(parts)) == list(range(n))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert all((np.diff(part) > 0).all() for part in parts)


@pytest.mark.parametrize("shards", [0, 6])
def test_a_number_of_shards_that_cannot_be_is_refused(shards: int) -> None:
    with pytest.raises(ValueError, match=f"^shards: expected 1 to 5, the number of vectors, got {shards}$"):
        partition(5, shards)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.integers(1, 40), st.integers(1, 5), st.integers(1, 12), st.integers(0, 10_000))
def test_merged_answers_are_those_of_one_sorted_list(n: int, shards: int, k: int, seed: int) -> None:
    distances = np.random.default_rng(seed).integers(0, 4, n).astype(np.float32)  # ties abound
    answers = []
    for part in partition(n, min(shards, n), seed):
        nearest = sorted(part, key=lambda i: (distances[i], i))[:k]
        lacking = k - len(nearest)
        ids = np.array([[*nearest, *[-1] * lacking]], np.int64)
        answers.append((ids, np.array([[*distances[nearest], *[np.inf] * lacking]], np.float32)))
    ids, found = merge(answers, k)
    expected = sorted(range(n), key=lambda i: (distances[i], i))[:k]
    assert ids[0].tolist() == expected + [-1] * (k - len(expected))
    np.testing.assert_array_equal(found[0, : len(expected)], distances[expected])


def test_fewer_candidates_than_neighbors_are_filled_with_minus_one() -> None:
    ids, distances = merge([(np.array([[4]]), np.array([[1.5]], np.float32))], 3)
    assert ids.tolist() == [[4, -1, -1]]
    assert distances.tolist() == [[1.5, np.inf, np.inf]]


@pytest.mark.parametrize("metric", ["l2", "cosine", "ip"])
def test_full_lists_find_what_the_whole_index_finds(metric: str) -> None:
    base, queries = gauss(500), gauss(40, seed=1)
    sharded = ShardedNSG.build(base, shards=3, knn=20, metric=metric, threads=1)
    expected = NSG.build(base, knn=20, metric=metric, threads=1).search(queries, 10, 500)
    ids, distances = sharded.search(queries, 10, 500)
    np.testing.assert_array_equal(ids, expected[0])
    np.testing.assert_allclose(distances, expected[1], rtol=1e-4, atol=1e-5)


def test_recall_is_that_of_the_whole_index_or_better() -> None:
    base, queries = gauss(3000), gauss(300, seed=1)
    truth = exact_neighbors(base, queries, 10)[1]

    def recall(index: NSG | ShardedNSG) -> float:
        found = distances_of(base, queries, index.search(queries, 10, 40)[0])
        return float(recall_by_distance(found, truth, 10).mean())

    assert recall(ShardedNSG.build(base, shards=2)) >= recall(NSG.build(base)) - 0.01


def test_an_index_of_other_vectors_is_no_shard() -> None:
    with pytest.raises(ValueError, match="expected an index of 4 vectors, got one of 20"):
        Shard(np.arange(4), NSG.build(gauss(20)))


def test_a_shard_answers_with_what_is_allowed_alone() -> None:
    base = np.random.default_rng(0).standard_normal((600, 8), dtype=np.float32)
    members = np.arange(0, 1200, 2)
    shard = Shard.build(base.repeat(2, axis=0), members)
    ids, _ = shard.search(base[:5], 4, 40, allowed=[8, 9, 200, 5000])
    assert {*ids.ravel().tolist()} == {8, 200, -1}
