"""Four ways to spoil an image at test time, each for standardized images (n, channels, height, width)."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

DEGREES, MOVED, HIDDEN, NOISE = 20, 0.1, 0.3, 1.0
"""Of the rotation; shares of the side by which images move and that a square hides; deviation of the noise."""


def gauss(images: Tensor) -> Tensor:
    """Normal noise as strong as the pixels vary."""
    return images + NOISE * torch.randn_like(images)


def shift(images: Tensor) -> Tensor:
    """A tenth of the side to the right and down; the border comes in again."""
    pixels = max(1, round(MOVED * images.shape[-1]))
    return images.roll((pixels, pixels), dims=(2, 3))


def occlude(images: Tensor) -> Tensor:
    """A square of three tenths of the side, at a random place, the same for all images, is as dark as anything."""
    side = round(HIDDEN * images.shape[-1])
    top, left = (int(torch.randint(size - side + 1, ())) for size in images.shape[2:])
    hidden = images.clone()
    hidden[:, :, top : top + side, left : left + side] = images.amin()
    return hidden


def rotate(images: Tensor) -> Tensor:
    """Twenty degrees, bilinearly; corners repeat the border."""
    cosine, sine = math.cos(math.radians(DEGREES)), math.sin(math.radians(DEGREES))
    turn = torch.tensor([[cosine, -sine, 0.0], [sine, cosine, 0.0]]).expand(len(images), 2, 3).to(images.device)
    grid = affine_grid(turn, list(images.shape), align_corners=False)
    return grid_sample(images, grid, padding_mode="border", align_corners=False)


CORRUPTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gauss": gauss,
    "shift": shift,
    "occlude": occlude,
    "rotate": rotate,
}
"""Name -> images to spoiled images."""
