"""The neighbor graph found in groups against the exact one, and what chooses between them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from experiments.ann.core.codes.centers import nearest_centers, order_of
from experiments.ann.core.codes.codes import Principal, fit_codec
from experiments.ann.core.codes.short_codes import short_codes
from experiments.ann.core.exact.exact import exact_neighbors, knn_graph_steps, recall_by_distance
from experiments.ann.core.nsg.construction.grouped_neighbors import grouped_graph_steps
from experiments.ann.core.nsg.construction.groups import form_groups
from experiments.ann.core.nsg.construction.neighbors import neighbor_plan
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.simd.kernel import finish
from experiments.ann.core.simd.machine import has_vnni
from experiments.ann.core.simd.vector import padded
from experiments.foundation.datasets.generators import clustered


def vectors(n: int, d: int = 40) -> NDArray[np.float32]:
    return padded(clustered(n, d, 10, np.random.default_rng(1)))


def grouped(
    base: NDArray[np.float32], k: int, threads: int, *, vnni: bool = has_vnni()
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    principal = Principal(base)
    codes, short = fit_codec(principal, 64, vnni=vnni).encode(base), short_codes(base, principal, 1, portable=not vnni)
    return finish(grouped_graph_steps(base, codes, short, k, threads=threads, vnni=vnni))[:2]


def test_graph_in_groups_is_almost_the_exact_graph(vnni: bool) -> None:
    base = vectors(12_000)
    ids, squared = grouped(base, 20, threads=2, vnni=vnni)
    exact_ids, exact_squared = finish(knn_graph_steps(base, 20, threads=2))
    shared = [len(np.intersect1d(a, b)) / 20 for a, b in zip(ids, exact_ids, strict=True)]
    assert np.mean(shared) > 0.98
    assert (np.diff(squared, axis=1) >= 0).all()
    assert (squared >= exact_squared - 1e-6).all()
    assert (ids != np.arange(len(base))[:, None]).all()


def test_graph_in_groups_does_not_depend_on_threads() -> None:
    base = vectors(5000)
    for one, three in zip(grouped(base, 16, 1), grouped(base, 16, 3), strict=True):
        np.testing.assert_array_equal(one, three)


def test_near_codes_stand_together_in_the_order() -> None:
    codes = np.repeat(np.arange(-100, 100, 20, dtype=np.int8), 600)[:, None].repeat(64, axis=1)
    codes = np.random.default_rng(0).permutation(codes)
    order = order_of(codes, threads=1)
    np.testing.assert_array_equal(np.sort(order), np.arange(len(codes)))
    steps = np.abs(np.diff(codes[order, 0].astype(int)))
    assert np.count_nonzero(steps) < 2 * 10


def test_every_vector_is_in_its_nearest_groups() -> None:
    codes = np.random.default_rng(0).integers(-127, 128, (5000, 64)).astype(np.int8)
    groups = form_groups(codes, threads=1)
    assert len(groups.members) == groups.joined.size == groups.offsets[-1]
    for center in (0, len(groups.offsets) - 2):
        members = groups.members[groups.offsets[center] : groups.offsets[center + 1]]
        np.testing.assert_array_equal(members, np.flatnonzero((groups.joined == center).any(axis=1)))


def test_nearest_centers_are_those_of_a_sort() -> None:
    rng = np.random.default_rng(2)
    points, centers = rng.integers(-9, 10, (300, 8)).astype(np.int8), rng.standard_normal((20, 8)).astype(np.float32)
    squared = ((points[:, None].astype(float) - centers) ** 2).sum(axis=2)
    np.testing.assert_array_equal(nearest_centers(points, centers, 3, 2), np.argsort(squared, axis=1)[:, :3])


@pytest.mark.parametrize("n", [30, 700])
def test_duplicates_and_small_sets_are_grouped_too(n: int) -> None:
    base = padded(np.repeat(np.random.default_rng(3).standard_normal((n // 10, 30)).astype(np.float32), 10, axis=0))
    ids, squared = grouped(base, 9, threads=1)
    assert (squared[:, :9] == 0).mean() > 0.95
    assert (ids[squared < np.inf] >= 0).all()


def test_an_index_on_groups_keeps_its_guarantees_and_recall() -> None:
    base = vectors(12_000)
    index = NSG.build(base[:11_800, :40], knn=32, by_codes=True, neighbors="grouped")
    _, truth = exact_neighbors(base[:11_800, :40], base[11_800:, :40], 10)
    _, found = index.search(base[11_800:, :40], 10, 60)
    assert index.report.neighbors == "grouped"
    assert index.unreachable == 0
    assert index.degrees.max() <= 32
    assert recall_by_distance(found, truth, 10).mean() > 0.99


def test_groups_are_chosen_from_about_300_000_vectors_on() -> None:
    assert [neighbor_plan(n, 128, 2).method for n in (100_000, 200_000)] == ["exact", "exact"]
    assert [neighbor_plan(n, 128, 2).method for n in (400_000, 1_000_000)] == ["grouped", "grouped"]
    plans = [neighbor_plan(n, 128, 2).grouped_seconds for n in (1_000_000, 2_000_000)]
    assert plans[1] / plans[0] < 2.2
