"""Counts of batches, orders and draws against torch's loader and scikit-learn's shuffling, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.model_selection import KFold

from experiments.data.core.batches import (
    SAMPLERS,
    Indices,
    batches_per_epoch,
    delivered_batches,
    epoch_order,
    loader_length,
    mean_of_batch_means,
    times_seen,
)


@pytest.mark.parametrize(
    ("n", "size", "kept", "dropped"),
    [
        (60_000, 100, 600, 600),
        (60_000, 128, 469, 468),
        (60_000, 64, 938, 937),
        (1, 100, 1, 0),
        (10**9, 3, 333333334, 333333333),
    ],
)
def test_lengths_that_the_catalog_measured(n: int, size: int, kept: int, dropped: int) -> None:
    assert (batches_per_epoch(n, size, drop_last=False), batches_per_epoch(n, size, drop_last=True)) == (kept, dropped)
    assert (loader_length(n, size, drop_last=False), loader_length(n, size, drop_last=True)) == (kept, dropped)


def test_delivered_batches_are_as_many_as_equal_folds() -> None:
    assert delivered_batches(12, 3, drop_last=False) == KFold(4).get_n_splits() == math.ceil(12 / 3)
    assert delivered_batches(13, 3, drop_last=True) == 4


def test_the_index_data_set_returns_its_index() -> None:
    assert len(Indices(5)) == 5
    assert [Indices(5)[i] for i in (0, 4)] == [0, 4]


def test_an_order_is_a_permutation_fixed_by_its_seed() -> None:
    order = epoch_order(50, seed=3)
    assert sorted(order) == list(range(50))
    assert order == epoch_order(50, seed=3, batch_size=7)
    assert order != epoch_order(50, seed=4)


def test_two_workers_deliver_the_same_order() -> None:
    assert epoch_order(40, seed=1, workers=2, batch_size=4) == epoch_order(40, seed=1, batch_size=4)


def test_only_sampling_without_replacement_sees_every_sample_once() -> None:
    seen = {name: times_seen(name, 100, seed=0) for name in SAMPLERS}
    assert (seen["in order"] == 1).all()
    assert (seen["shuffled"] == 1).all()
    assert 0.5 < (seen["with replacement"] > 0).mean() < 0.75  # 1 - 1/e = 0.632 in the mean
    assert seen["3 replicas, padded"].sum() == 102
    assert (seen["3 replicas, padded"] >= 1).all()


def test_the_mean_of_means_by_hand() -> None:
    values = np.array([0.0, 0.0, 0.0, 0.0, 10.0])
    assert mean_of_batch_means(values, 2) == pytest.approx(10 / 3)
    assert mean_of_batch_means(values, 2, weighted=True) == values.mean()
    assert mean_of_batch_means(values, 5) == values.mean()
