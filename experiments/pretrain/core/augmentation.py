"""Augmentation of images: a shift, or for each image of its own a turn, a size, a move and a dark square.

Source: DeVries, Taylor: Cutout, https://arxiv.org/abs/1708.04552, 2017 (the square).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from experiments.foundation.networks.batches import shifted

DEGREES, ENLARGED, MOVED, HIDDEN = 20, 0.2, 0.15, 0.3
"""Largest turn either way, change of size, move and side of the square, the latter three in shares of the side."""


def strong(images: Tensor) -> Tensor:
    """Images (n, c, h, w) to the same shape; by torch's global generator.

    >>> strong(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 1, 28, 28])
    """
    n, _, height, width = images.shape
    angle, size, x, y = (torch.rand(4, n) * 2 - 1) * torch.tensor(
        [[math.radians(DEGREES)], [ENLARGED], [MOVED], [MOVED]]
    )
    size, x, y = 1 + size, 2 * x, 2 * y  # affine_grid's sides run from -1 to 1
    cosine, sine = size * angle.cos(), size * angle.sin()
    turns = torch.stack([cosine, -sine, x, sine, cosine, y], dim=1).view(n, 2, 3)
    grid = affine_grid(turns.to(images.device), list(images.shape), align_corners=False)
    dark = images.amin()  # what comes in from outside
    turned = grid_sample(images - dark, grid, align_corners=False) + dark
    return torch.where(squares(n, height, width).to(images.device), dark, turned)


def moved(images: Tensor) -> Tensor:
    """Images (n, c, h, w), quarters of which are moved by up to two pixels."""
    return shifted(images, 2)


AUGMENTATIONS = {"shift": moved, "strong": strong}
"""Name -> images to images of the same shape."""


def squares(n: int, height: int, width: int) -> Tensor:
    """(n, 1, height, width) booleans, true in a random square of each."""
    side = round(HIDDEN * min(height, width))
    top, left = (torch.randint(size - side + 1, (n, 1)) for size in (height, width))
    rows, columns = torch.arange(height), torch.arange(width)
    inside_rows, inside_columns = ((i >= at) & (i < at + side) for i, at in ((rows, top), (columns, left)))
    return (inside_rows[:, :, None] & inside_columns[:, None, :])[:, None]
