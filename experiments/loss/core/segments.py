"""Pictures of a disc among squares with exact masks, and a small U-Net that marks the disc.

Disc and squares have the same brightness and area, so that only the shape tells them apart. Knows no losses.
Source of the network: Ronneberger et al.: U-Net, MICCAI 2015, here with two levels.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
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


class UNet(nn.Module):
    """Logits (n, 1, h, w) of images (n, 1, h, w), h and w multiples of 4; without ``skips`` the way up sees only what
    came from below, through as many channels."""

    def __init__(self, width: int = 8, *, skips: bool = True) -> None:
        super().__init__()
        self.skips = skips
        self.down = nn.ModuleList([block(1, width), block(width, 2 * width)])
        self.bottom = block(2 * width, 2 * width)
        self.up = nn.ModuleList([block(4 * width, width), block(2 * width, width)])
        self.head = nn.Conv2d(width, 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, 1, h, w)."""
        hidden, kept = images, []
        for layer in self.down:
            hidden = layer(hidden)
            kept.append(hidden)
            hidden = functional.max_pool2d(hidden, 2)
        hidden = self.bottom(hidden)
        for layer, beside in zip(self.up, reversed(kept), strict=True):
            wide = functional.interpolate(hidden, scale_factor=2.0, mode="nearest")
            side = beside if self.skips else torch.zeros_like(beside)
            hidden = layer(torch.cat([wide, side], 1))
        return self.head(hidden)


def block(inputs: int, outputs: int) -> nn.Module:
    """A 3 x 3 convolution that keeps the size, and ReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU())


def boundary(masks: Tensor) -> Tensor:
    """Pixels of boolean masks (n, 1, h, w) within one pixel of their edge, on either side."""
    near = functional.max_pool2d(masks.float(), 3, 1, 1)
    far = -functional.max_pool2d(-masks.float(), 3, 1, 1)
    return near > far


def boundary_iou(predicted: Tensor, masks: Tensor) -> float:
    """IoU of boolean predictions and masks (n, 1, h, w) inside the boundary zone of the masks, all images together."""
    zone = boundary(masks)
    both, either = (predicted & masks & zone).sum(), ((predicted | masks) & zone).sum()
    return (both / either.clamp_min(1)).item()
