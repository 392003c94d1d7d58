"""Pictures of a disc among squares with exact masks, and how well the edge of a mask is met.

Disc and squares have the same brightness and area, so that only the shape tells them apart.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

SQUARES = 2
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
    seen = torch.maximum(discs, squares * (1 - discs))
    return (seen + NOISE * torch.randn(n, size, size, generator=rng))[:, None], discs[:, None]


def boundary(masks: Tensor) -> Tensor:
    """Pixels of boolean masks (n, 1, h, w) within one pixel of their edge, on either side.

    >>> boundary(torch.tensor([[[[True, True, True, False, False]]]])).int()
    tensor([[[[0, 0, 1, 1, 0]]]], dtype=torch.int32)
    """
    near = functional.max_pool2d(masks.float(), 3, 1, 1)
    far = -functional.max_pool2d(-masks.float(), 3, 1, 1)
    return near > far


def boundary_iou(predicted: Tensor, masks: Tensor) -> float:
    """IoU of boolean predictions and masks (n, 1, h, w) inside the boundary zone of the masks, all images together.

    >>> mask = torch.tensor([[[[True, True, True, False, False]]]])
    >>> boundary_iou(mask.roll(1), mask)
    0.5
    """
    zone = boundary(masks)
    both, either = (predicted & masks & zone).sum(), ((predicted | masks) & zone).sum()
    return (both / either.clamp_min(1)).item()
