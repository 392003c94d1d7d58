"""Convolution as a product of matrices, in the two ways in which it is computed and explained.

As everywhere in deep learning the kernel is not turned over (cross-correlation); there is no padding and the stride is
1. An image (height, width) and a kernel (a, b) give an output (height - a + 1, width - b + 1).
Source: Goodfellow, Bengio, Courville: Deep Learning, 2016, section 9.1; Chellapilla, Puri, Simard: High Performance
Convolutional Neural Networks for Document Processing, 2006, for the patches.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


def convolution_matrix(kernel: Numbers, height: int, width: int) -> Numbers:
    """The matrix (outputs, height x width) that times the pixels, row by row, is the convolution with kernel (a, b).

    >>> convolution_matrix(np.array([[1, 2]]), 1, 3).tolist()
    [[1, 2, 0], [0, 1, 2]]
    """
    a, b = kernel.shape
    rows, columns = height - a + 1, width - b + 1
    matrix = np.zeros((rows, columns, height, width), dtype=kernel.dtype)
    for i in range(rows):
        for j in range(columns):
            matrix[i, j, i : i + a, j : j + b] = kernel
    return matrix.reshape(rows * columns, height * width)


def patches(images: Numbers, a: int, b: int) -> Numbers:
    """The patches (channels x a x b, outputs) of an image (channels, height, width): kernels times them convolve it.

    >>> patches(np.array([[[1, 2, 3]]]), 1, 2).tolist()
    [[1, 2], [2, 3]]
    """
    windows = np.lib.stride_tricks.sliding_window_view(images, (a, b), axis=(1, 2))
    return np.moveaxis(windows, (1, 2), (3, 4)).reshape(len(images) * a * b, -1)
