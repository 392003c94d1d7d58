"""Convolution by matrices, against scipy and torch."""

from __future__ import annotations

import numpy as np
import torch
from scipy.signal import correlate2d

from experiments.math.core.convolution import convolution_matrix, patches


def test_the_matrix_convolves_an_image() -> None:
    rng = np.random.default_rng(0)
    image, kernel = rng.integers(-9, 10, (5, 7)), rng.integers(-9, 10, (2, 3))
    found = convolution_matrix(kernel, 5, 7) @ image.ravel()
    assert (found.reshape(4, 5) == correlate2d(image, kernel, "valid")).all()


def test_kernels_times_patches_convolve_many_channels() -> None:
    rng = np.random.default_rng(1)
    image, kernels = rng.integers(-9, 10, (3, 6, 5)), rng.integers(-9, 10, (4, 3, 2, 3))
    expected = torch.nn.functional.conv2d(torch.from_numpy(image)[None], torch.from_numpy(kernels))[0]
    assert (kernels.reshape(4, -1) @ patches(image, 2, 3) == expected.numpy().reshape(4, -1)).all()


def test_a_kernel_as_large_as_the_image_is_one_product() -> None:
    assert convolution_matrix(np.array([[1, 2], [3, 4]]), 2, 2).tolist() == [[1, 2, 3, 4]]
