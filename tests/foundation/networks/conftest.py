"""One thread, since networks this small gain nothing from two; and data that every training can learn."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from experiments.foundation.networks.split import Split, image_split


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def blobs() -> Split:
    """Three separable clouds of 4 x 4 images."""
    labels = np.arange(240) % 3
    noisy = np.random.default_rng(0).normal(60, 8, (240, 4, 4)) + 60 * labels[:, None, None]
    images = np.clip(noisy, 0, 255).astype(np.uint8)
    data = SimpleNamespace(
        train_images=images[:180],
        train_labels=labels[:180],
        test_images=images[180:],
        test_labels=labels[180:],
        classes=("dark", "gray", "light"),
        name="blobs",
        description="three clouds",
    )
    return image_split(data, train=120, validation=60, test=60, seed=0)
