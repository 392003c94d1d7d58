"""Data that every training of this folder can learn."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from experiments.foundation.networks.split import Split, image_split


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
