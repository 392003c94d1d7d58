"""Search among some of the vectors only, against a scan of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from experiments.ann.core.exact.exact import exact_neighbors, recall_by_distance
from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG

RNG_SEED = 8


def points(n: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(RNG_SEED)
    return (rng.standard_normal((n, 5)) @ rng.standard_normal((5, 24))).astype(np.float32)


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize("share", [0.9, 0.5, 0.02])
def test_results_are_allowed_and_nearly_the_nearest_of_them(share: float, coded: bool) -> None:
    data = points(3100)
    base, queries = data[:3000], data[3000:]
    allowed = np.random.default_rng(1).random(3000) < share
    plain = NSG.build(base, knn=30)
    index = CodedNSG.of(plain) if coded else plain
    ids, distances = index.search(queries, 10, 20, allowed=allowed)
    members = np.flatnonzero(allowed)
    truth = exact_neighbors(base[members], queries, 10)[1]
    assert allowed[ids].all()
    assert recall_by_distance(distances, truth, 10).mean() > 0.97


def test_all_allowed_is_as_without_a_mask() -> None:
    data = points(3000)
    index = NSG.build(data[:2900], knn=30)
    plain, masked = (index.search(data[2900:], 5, 20, allowed=mask) for mask in (None, np.ones(2900, bool)))
    np.testing.assert_array_equal(plain[0], masked[0])


def test_fewer_allowed_than_asked_for_leave_minus_one() -> None:
    index = CodedNSG.of(NSG.build(points(200), knn=20))
    allowed = np.zeros(200, bool)
    allowed[[3, 150]] = True
    ids, distances = index.search(points(200)[:4], 5, 10, allowed=allowed)
    assert all(set(row[:2]) == {3, 150} for row in ids)
    assert (ids[:, 2:] == -1).all()
    assert np.isinf(distances[:, 2:]).all()
    assert (index.search(points(200)[:4], 5, 10, allowed=np.zeros(200, bool))[0] == -1).all()


@pytest.mark.parametrize("mask", [np.ones(3, bool), np.ones(200, int)])
def test_masks_of_another_length_or_type_are_refused(mask: NDArray[np.generic]) -> None:
    index = NSG.build(points(200), knn=20)
    with pytest.raises(ValueError, match=r"allowed: expected 200 booleans, .*, got .* of shape \(\d+,\)"):
        index.search(points(200)[:1], 1, 10, allowed=mask)
