"""Training images that a small study has no use for, as further test images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from experiments.foundation.datasets.images import ImageData


def fill_test(data: ImageData, needed: int, test: int, *, seed: int) -> ImageData:
    """``data`` with a test part of ``test`` images, or as many as there are beside the ``needed`` ones for training.

    Images moved from the training part are chosen at random and no longer in it. A test part that is large enough stays
    as it is.
    """
    spare = min(test - len(data.test_labels), len(data.train_labels) - needed)
    if spare <= 0:
        return data
    order = np.random.default_rng([seed, 43]).permutation(len(data.train_labels))
    moved, kept = order[:spare], order[spare:]
    return replace(
        data,
        train_images=data.train_images[kept],
        train_labels=data.train_labels[kept],
        test_images=np.concatenate([data.test_images, data.train_images[moved]]),
        test_labels=np.concatenate([data.test_labels, data.train_labels[moved]]),
        description=f"{data.description}; {spare} of those for training moved to test",
    )
