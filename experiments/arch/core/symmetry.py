"""Moving the input, and what it does to the output.

A network keeps a move g if f(g x) = f(x), *invariance*, or f(g x) = g f(x), *equivariance*. Images are (n, channels,
height, width), sequences (n, length, channels).

Source: Bronstein et al.: Geometric Deep Learning, https://arxiv.org/abs/2104.13478, 2021.
"""

from __future__ import annotations

import torch
from torch import Tensor


def gap(got: Tensor, wanted: Tensor) -> float:
    """Largest absolute difference, relative to the largest wanted value.

    >>> gap(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 4.0]))
    0.25
    """
    return float(((got - wanted).abs().max() / wanted.abs().max()).detach())


def shift(images: Tensor, rows: int, columns: int) -> Tensor:
    """Around the border: what leaves at the bottom comes in at the top."""
    return images.roll((rows, columns), dims=(-2, -1))


def patches(images: Tensor, side: int) -> Tensor:
    """(n, patches, channels, side, side), row by row."""
    n, channels, height, width = images.shape
    grid = images.view(n, channels, height // side, side, width // side, side)
    return grid.permute(0, 2, 4, 1, 3, 5).reshape(n, -1, channels, side, side)


def assemble(pieces: Tensor, shape: torch.Size) -> Tensor:
    """The images (n, channels, height, width) of patches that lie row by row.

    >>> images = torch.arange(32.0).view(1, 2, 4, 4)
    >>> bool((assemble(patches(images, 2), images.shape) == images).all())
    True
    """
    n, channels, height, width = shape
    side = pieces.shape[-1]
    grid = pieces.view(n, height // side, width // side, channels, side, side)
    return grid.permute(0, 3, 1, 4, 2, 5).reshape(shape)


def reorder_patches(images: Tensor, side: int, order: Tensor) -> Tensor:
    """Patch ``order[i]`` at place i."""
    return assemble(patches(images, side)[:, order], images.shape)


def reorder_within_patches(images: Tensor, side: int, order: Tensor) -> Tensor:
    """The pixels of every patch in the same new order (side * side)."""
    pieces = patches(images, side)
    return assemble(pieces.flatten(-2)[..., order].view_as(pieces), images.shape)


def delay(sequences: Tensor, steps: int) -> Tensor:
    """The same sequence after ``steps`` elements of silence, zeros."""
    n, _, channels = sequences.shape
    return torch.cat([sequences.new_zeros(n, steps, channels), sequences], dim=1)
