"""Pictures of a disc among squares with exact masks.

Disc and squares have the same area, and the squares half its brightness: with the noise that is too little for a pixel
alone and enough for its neighborhood, so that small networks learn it within some hundred updates.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

SQUARES, SQUARE_BRIGHTNESS = 2, 0.5
NOISE = 0.3


def pictures(n: int, size: int, foreground: float, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Images (n, 1, size, size) and masks of the same shape in {0, 1}; discs cover about that share of a picture."""
    radius = size * math.sqrt(foreground / math.pi)
    half = radius * math.sqrt(math.pi) / 2
    grid = torch.arange(size) + 0.5
    rows, columns = grid[:, None], grid[None, :]
    places = radius + (size - 2 * radius) * torch.rand(n, 1 + SQUARES, 2, 1, 1, generator=rng)
    down, across = rows - places[:, :, 0], columns - places[:, :, 1]
    discs = (down[:, 0].square() + across[:, 0].square() <= radius**2).float()
    squares = (torch.maximum(down[:, 1:].abs(), across[:, 1:].abs()) <= half).amax(1).float()
    seen = torch.maximum(discs, SQUARE_BRIGHTNESS * squares)
    return (seen + NOISE * torch.randn(n, size, size, generator=rng))[:, None], discs[:, None]
