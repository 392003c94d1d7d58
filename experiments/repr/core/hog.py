"""Histograms of oriented gradients: what edges run where, counted by hand-made rules.

Source: Dalal, Triggs: Histograms of Oriented Gradients for Human Detection, CVPR 2005; numbers and order are those of
skimage.feature.hog with block_norm="L2-Hys".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EPS = 1e-5
LARGEST = 0.2
"""Entries of a block are cut here after the first normalization: Lowe's hysteresis."""


def hog(images: Floats, *, cell: int, orientations: int = 9, block: int = 2) -> Floats:
    """Features (n, blocks x block^2 x orientations) of images (n, height, width).

    A pixel gives its gradient's magnitude to one of ``orientations`` bins of 180 degrees in its cell of ``cell`` x
    ``cell`` pixels; every ``block`` x ``block`` neighboring cells are normalized together. Pixels beyond the last whole
    cell are left out.

    >>> hog(np.eye(8)[None], cell=4).shape
    (1, 36)
    """
    cells = cell_histograms(images, cell, orientations)
    windows = np.lib.stride_tricks.sliding_window_view(cells, (block, block), axis=(1, 2))
    # (n, rows, columns, orientations, block, block) -> each block's cells, row by row, before its orientations
    blocks = np.moveaxis(windows, 3, 5).reshape(*windows.shape[:3], -1)
    cut = np.minimum(normalized(blocks), LARGEST)
    return normalized(cut).reshape(len(images), -1)


def cell_histograms(images: Floats, cell: int, orientations: int) -> Floats:
    """Mean magnitude by orientation (n, rows, columns, orientations) of every cell."""
    down, right = np.zeros_like(images), np.zeros_like(images)
    down[:, 1:-1] = images[:, 2:] - images[:, :-2]
    right[:, :, 1:-1] = images[:, :, 2:] - images[:, :, :-2]
    degrees = np.rad2deg(np.arctan2(down, right)) % 180
    bins = np.minimum(degrees // (180 / orientations), orientations - 1)
    rows, columns = images.shape[1] // cell, images.shape[2] // cell
    kept = np.where(bins[..., None] == np.arange(orientations), np.hypot(right, down)[..., None], 0.0)
    kept = kept[:, : rows * cell, : columns * cell].reshape(len(images), rows, cell, columns, cell, orientations)
    return kept.mean(axis=(2, 4))


def normalized(blocks: Floats) -> Floats:
    """Blocks (..., entries) over sqrt(|block|^2 + eps^2)."""
    return blocks / np.sqrt(np.square(blocks).sum(axis=-1, keepdims=True) + EPS**2)
