"""Training images without use become test images."""

from __future__ import annotations

import numpy as np

from experiments.foundation.datasets.images import load_images
from experiments.norm.spare import fill_test


def test_spare_training_images_fill_up_the_test_part_and_none_is_lost_or_doubled() -> None:
    data = load_images("digits", seed=0)
    filled = fill_test(data, 900, 1000, seed=0)
    assert (len(filled.train_labels), len(filled.test_labels)) == (900, 897)
    both = [np.concatenate([one.train_images, one.test_images]).reshape(-1, 64) for one in (data, filled)]
    assert sorted(map(tuple, both[0].tolist())) == sorted(map(tuple, both[1].tolist()))
    assert np.array_equal(filled.test_images[:360], data.test_images)
    assert "537 of those for training moved to test" in filled.description


def test_a_test_part_that_is_large_enough_or_training_without_spare_images_stays_as_it_is() -> None:
    data = load_images("digits", seed=0)
    assert fill_test(data, 900, 360, seed=0) is data
    assert fill_test(data, 1437, 1000, seed=0) is data
    assert fill_test(data, 5000, 1000, seed=0) is data
