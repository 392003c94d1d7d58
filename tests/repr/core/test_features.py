"""Features of images and their classifier against scikit-image, scikit-learn and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import Ridge

from experiments.repr.core.hog import hog
from experiments.repr.core.patch_features import PatchFeatures, patches_of
from experiments.repr.core.ridge import ridge_classifiers
from experiments.repr.core.small_cnn import SmallCNN

IMAGES = load_digits().images / 16
LABELS = load_digits().target


@pytest.mark.parametrize(
    ("shape", "cell", "block"), [((28, 28), 7, 2), ((8, 8), 2, 2), ((30, 17), 5, 1), ((28, 28), 4, 3)]
)
def test_hog_is_that_of_scikit_image(shape: tuple[int, int], cell: int, block: int) -> None:
    feature = pytest.importorskip("skimage.feature", reason="scikit-image is the oracle: pip install scikit-image")
    images = np.random.default_rng(0).uniform(size=(3, *shape))
    sizes = {"pixels_per_cell": (cell, cell), "cells_per_block": (block, block)}
    theirs = [feature.hog(image, orientations=9, block_norm="L2-Hys", **sizes) for image in images]
    assert hog(images, cell=cell, block=block) == pytest.approx(np.stack(theirs))


def test_hog_of_an_even_image_is_zero() -> None:
    assert not hog(np.full((1, 8, 8), 0.5), cell=4).any()


def test_patch_codes_are_those_of_a_plain_loop() -> None:
    features = PatchFeatures.fit(IMAGES[:100], 3, 5, 0)
    rows = patches_of(IMAGES[:1], 3)[0]
    expected = np.zeros((2, 2, 5))
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            white = (rows[i, j] - features.mean) @ features.whitening
            distances = np.array([np.linalg.norm(white - centroid) for centroid in features.centroids])
            expected[int(i >= 1), int(j >= 1)] += np.maximum(distances.mean() - distances, 0)
    assert rows.shape == (3, 3, 9)
    assert features.encode(IMAGES[:1])[0] == pytest.approx(expected.ravel())


@pytest.mark.parametrize("strength", [1e-3, 1.0])
def test_the_classifier_is_sklearns_ridge(strength: float) -> None:
    features = IMAGES.reshape(len(IMAGES), -1)
    train, test = slice(0, 400), slice(400, None)
    targets = 2.0 * (LABELS[:, None] == np.arange(10)) - 1
    centered = features[train] - features[train].mean(axis=0)
    alpha = strength * np.square(centered).sum() / centered.shape[1]
    theirs = Ridge(alpha=alpha).fit(features[train], targets[train])
    [ours] = ridge_classifiers(features[train], LABELS[train], 10, [strength])
    assert features[test] @ ours.weights + ours.bias == pytest.approx(theirs.predict(features[test]))
    expected = (theirs.predict(features[test]).argmax(axis=1) == LABELS[test]).mean()
    assert ours.accuracy(features[test], LABELS[test]) == expected


def test_a_silent_channel_says_nothing_of_the_image() -> None:
    torch.manual_seed(0)
    network = SmallCNN(3, width=2).eval()
    images = torch.rand(6, 1, 8, 8)
    features = network.features(images)
    assert torch.equal(network.without(features, torch.tensor([], dtype=torch.int64)), network(images))
    silent = network.without(features, torch.arange(network.channels))
    assert torch.allclose(silent, silent[:1].expand_as(silent))
    assert not torch.allclose(network(images), network(images)[:1])
