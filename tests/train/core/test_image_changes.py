"""Distortions against scipy's affine maps, edges against scipy's correlation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import ndimage

from experiments.train.core.image_changes import distorted, oriented_edges


@pytest.mark.parametrize("amounts", [{"turn": 0.5}, {"stretch": 0.3}, {"move": 2.0}])
def test_a_distortion_is_an_affine_map_within_its_amounts(amounts: dict[str, float]) -> None:
    image = torch.zeros(1, 1, 15, 15, dtype=torch.float32)
    image[..., 4:10, 5:11] = torch.rand(6, 6, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(7)
    moved = distorted(image, **amounts)[0, 0].double().numpy()
    torch.manual_seed(7)
    angle, across, down, right, below = (draw.item() for draw in torch.empty(5, 1).uniform_(-1, 1))
    turn, stretch, move = (amounts.get(key, 0.0) for key in ("turn", "stretch", "move"))
    cos, sin = math.cos(turn * angle), math.sin(turn * angle)
    matrix = np.array([[(1 + stretch * down) * cos, sin], [-sin, (1 + stretch * across) * cos]])  # rows before columns
    center = np.full(2, 7.0)
    offset = center + move * np.array([below, right]) - matrix @ center
    expected = ndimage.affine_transform(image[0, 0].double().numpy(), matrix, offset, order=1)
    assert np.abs(moved - expected).max() < 1e-5
    assert np.abs(moved - image[0, 0].numpy()).max() > 0.05


def test_every_image_is_moved_by_its_own_amounts() -> None:
    torch.manual_seed(0)
    first, second = distorted(torch.rand(1, 1, 8, 8).repeat(2, 1, 1, 1), move=2.0)
    assert not torch.equal(first, second)


def test_edges_are_the_parts_of_differences_averaged_over_cells() -> None:
    image = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    right = ndimage.correlate1d(image[0, 0].numpy(), [0, -1, 1], axis=1)
    right[:, -1] = 0
    brightening = np.maximum(right, 0).reshape(2, 4, 2, 4).mean((1, 3))
    assert np.allclose(oriented_edges(image, 4)[0, 0], brightening, atol=1e-6)
    assert oriented_edges(image, 4).shape == (1, 4, 2, 2)
