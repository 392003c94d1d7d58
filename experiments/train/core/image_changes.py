"""Images distorted at random, for training; and edges by their direction, as features."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample, pad

TURN, STRETCH, MOVE = math.radians(15), 0.15, 1.0
"""Of a distortion of strength 1, at most: the angle, how much of either axis, and pixels along either axis."""


def distorted(images: Tensor, *, turn: float = 0.0, stretch: float = 0.0, move: float = 0.0) -> Tensor:
    """Images (n, c, h, w), each turned, stretched and moved by its own amounts, black where nothing was.

    Amounts are uniform within plus or minus ``turn`` (radians), ``stretch`` (a share, of either axis for itself) and
    ``move`` (pixels, along either axis), drawn from torch's global generator; between pixels values are bilinear.

    >>> distorted(torch.ones(2, 1, 4, 4)).allclose(torch.ones(2, 1, 4, 4))
    True
    """
    n, _, height, width = images.shape
    angle, across, down, right, below = torch.empty(5, n).uniform_(-1, 1)
    cos, sin = (turn * angle).cos(), (turn * angle).sin()
    rows = (  # places run from -1 to 1, so a pixel is 2 / width wide
        torch.stack([(1 + stretch * across) * cos, -sin, 2 * move * right / width], 1),
        torch.stack([sin, (1 + stretch * down) * cos, 2 * move * below / height], 1),
    )
    grid = affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return grid_sample(images, grid, align_corners=False)


def oriented_edges(images: Tensor, cell: int) -> Tensor:
    """How much images (n, 1, h, w) brighten to the right, to the left, downwards and upwards from pixel to pixel,
    averaged over cells of ``cell`` x ``cell`` pixels: (n, 4, h // cell, w // cell).

    >>> oriented_edges(torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]]), 2).flatten().tolist()
    [0.5, 0.0, 0.0, 0.0]
    """
    right, down = pad(images.diff(dim=3), (0, 1)), pad(images.diff(dim=2), (0, 0, 0, 1))
    return avg_pool2d(torch.cat([right.relu(), (-right).relu(), down.relu(), (-down).relu()], dim=1), cell)
