"""Corruptions and augmentation against scipy and numpy."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage

from experiments.pretrain.core import augmentation, corruptions


def blob() -> torch.Tensor:
    """A smooth spot off the middle of an image (1, 1, 28, 28)."""
    rows, columns = np.mgrid[:28, :28]
    return torch.from_numpy(np.exp(-((rows - 9) ** 2 + (columns - 16) ** 2) / 18))[None, None].float()


def test_a_rotation_is_scipys() -> None:
    image = blob()
    expected = ndimage.rotate(image[0, 0].numpy(), corruptions.DEGREES, reshape=False, order=1, mode="nearest")
    assert np.abs(corruptions.rotate(image)[0, 0].numpy() - expected).max() < 1e-5


def test_a_shift_is_numpys() -> None:
    image = blob()
    assert np.array_equal(corruptions.shift(image)[0, 0], np.roll(image[0, 0].numpy(), (3, 3), axis=(0, 1)))


def test_a_square_is_hidden_and_the_image_is_left_alone() -> None:
    image = 1 + torch.rand(2, 1, 10, 10)
    image[0, 0, 0, 0] = before = -1.0
    hidden = corruptions.occlude(image)
    assert int((hidden[1] == before).sum()) == 9
    assert (image[1] > before).all()


def test_noise_has_its_strength() -> None:
    torch.manual_seed(0)
    assert abs(float(corruptions.gauss(torch.zeros(10, 1, 100, 100)).std()) - corruptions.NOISE) < 0.01


def test_strong_augmentation_moves_each_image_by_itself_and_not_far() -> None:
    torch.manual_seed(0)
    moved = augmentation.strong(blob().repeat(300, 1, 1, 1))
    assert len({tuple(image.flatten()[300:320].tolist()) for image in moved}) > 250
    middles = [ndimage.center_of_mass(image[0].numpy()) for image in moved]
    far = np.abs(np.array(middles) - (9, 16)).max(0)
    assert (far > 3).all()
    assert (far < 14).all()


def test_squares_have_their_side_and_reach_every_pixel() -> None:
    torch.manual_seed(0)
    found = augmentation.squares(2000, 10, 12)
    assert set(found.flatten(1).sum(1).tolist()) == {9}
    assert found.any(0).all()
