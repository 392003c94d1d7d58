"""Digits inked over crops of a photograph, with the mask of their ink: a small segmentation task with real textures.

Images are gray in [0, 1], (n, 1, size, size), masks boolean of the same shape. Ink is lighter than a dark crop and
darker than a light one, so that it can be seen, but never by its brightness alone.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

INK_SIDE = 5 / 8
"""Side of a digit over that of the image: its ink then covers about a twentieth of it."""


def inked(
    digits: Tensor, photo: Tensor, n: int, size: int, contrast: tuple[float, float], rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """``n`` images and masks of random ``digits`` (m, h, w), ink 1 on 0, over random crops of a gray ``photo`` (h, w).

    Args:
        contrast: the least and the most by which full ink differs from what it covers.

    >>> rng = torch.Generator().manual_seed(0)
    >>> images, masks = inked(torch.ones(1, 8, 8), torch.zeros(64, 64), 2, 32, (0.3, 0.3), rng)
    >>> images.shape, masks.sum((1, 2, 3)).tolist(), round(images.max().item(), 2)
    (torch.Size([2, 1, 32, 32]), [400, 400], 0.3)
    """
    side = round(INK_SIDE * size)
    chosen = digits[torch.randint(len(digits), (n,), generator=rng)][:, None].float()
    drawn = interpolate(chosen, (side, side), mode="bilinear", antialias=True)
    ink = torch.zeros(n, 1, size, size)
    for one, place in zip(range(n), torch.randint(size - side + 1, (n, 2), generator=rng).tolist(), strict=True):
        ink[one, 0, place[0] : place[0] + side, place[1] : place[1] + side] = drawn[one, 0]
    ground = crops(photo[None], n, size, rng)
    strength = contrast[0] + (contrast[1] - contrast[0]) * torch.rand(n, 1, 1, 1, generator=rng)
    sign = torch.where(ground.mean((2, 3), keepdim=True) < 0.5, 1.0, -1.0)
    return (ground + sign * strength * ink).clamp(0, 1), ink > 0.5


def crops(picture: Tensor, n: int, size: int, rng: torch.Generator) -> Tensor:
    """``n`` random crops (n, channels, size, size) of a picture (channels, h, w)."""
    height, width = picture.shape[1:]
    tops, lefts = (torch.randint(side - size + 1, (n,), generator=rng).tolist() for side in (height, width))
    return torch.stack([picture[:, y : y + size, x : x + size] for y, x in zip(tops, lefts, strict=True)])
