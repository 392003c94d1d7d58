"""Transformations of images against scipy.ndimage, and the scores on features whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import ndimage

from experiments.cnn.core.invariance import agreement, cosine, invariance, shifted, transform


def images(seed: int = 0) -> torch.Tensor:
    return torch.rand(3, 1, 9, 9, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 0.3


def test_a_quarter_turn_is_numpys() -> None:
    x = images()
    torch.testing.assert_close(transform(x, "rotate", 90.0, "zero"), torch.rot90(x, 1, (2, 3)))


@pytest.mark.parametrize("degrees", [10.0, 33.0])
def test_a_rotation_is_scipys_in_the_inside(degrees: float) -> None:
    x = torch.from_numpy(ndimage.gaussian_filter(np.random.default_rng(0).random((1, 1, 21, 21)), (0, 0, 2, 2)))
    theirs = ndimage.rotate(x[0, 0].numpy(), degrees, reshape=False, order=1)
    own = transform(x, "rotate", degrees, "zero")[0, 0].numpy()
    np.testing.assert_allclose(own[5:-5, 5:-5], theirs[5:-5, 5:-5], atol=1e-12)


@pytest.mark.parametrize("factor", [0.6, 1.7])
def test_a_scaling_is_scipys(factor: float) -> None:
    x = images()
    center = 4.0 - 4.0 / factor
    low = float(x.min())
    theirs = ndimage.affine_transform(x[0, 0].numpy() - low, (1 / factor,) * 2, offset=center, order=1, cval=0.0)
    own = transform(x, "scale", factor, "zero")[0, 0].numpy() - low
    np.testing.assert_allclose(own[2:-2, 2:-2], theirs[2:-2, 2:-2], atol=1e-12)


def test_nothing_changes_at_no_angle_and_factor_one() -> None:
    x = images()
    torch.testing.assert_close(transform(x, "rotate", 1e-9, "zero"), x, atol=1e-6, rtol=0)
    torch.testing.assert_close(transform(x, "scale", 1.0, "zero"), x)


def test_a_shift_goes_around_the_edge_or_brings_in_the_background() -> None:
    x = images()
    assert torch.equal(shifted(x, 2, "circular"), x.roll(2, 3))
    moved = shifted(x, 2, "zero")
    assert torch.equal(moved[..., 2:], x[..., :-2])
    assert (moved[..., :2] == x.min()).all()


def test_scores_are_one_without_change_and_the_centered_one_is_zero_for_other_images() -> None:
    features = torch.randn(400, 50, generator=torch.Generator().manual_seed(1)) + 5
    assert cosine(features, features) == pytest.approx(1)
    assert invariance(features, features) == pytest.approx(1)
    other = features.roll(1, 0)
    assert cosine(features, other) > 0.9
    assert abs(invariance(features, other)) < 0.05


def test_the_centered_score_is_the_correlation_of_numpy_over_images_for_one_feature_pair() -> None:
    features = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    moved = torch.tensor([[1.0, 1.0], [-1.0, 1.0]])
    assert invariance(features, moved) == pytest.approx(1 / math.sqrt(2))


def test_agreement_counts_all_and_the_correct_ones_apart() -> None:
    before, after, labels = (torch.tensor(values) for values in ([0, 1, 2, 3], [0, 1, 0, 0], [0, 1, 2, 0]))
    assert agreement(before, after, labels) == pytest.approx((0.5, 2 / 3))
    assert math.isnan(agreement(before, after, labels + 5)[1])
