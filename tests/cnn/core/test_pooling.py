"""Poolings against torch.nn, scipy.ndimage and the laws of means."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn
from torch.nn import functional

from experiments.cnn.core.pooling import (
    POOLS,
    Border,
    Pool,
    Window,
    attended,
    framed,
    generalized_mean,
    output_size,
    padded,
)

KERNELS = [(2, 2), (3, 2), (2, 1), (2, 3)]


def maps(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def pool(name: str, x: torch.Tensor, window: Window) -> torch.Tensor:
    return Pool(name, x.shape[1], window).double()(x)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kernel", "stride"), KERNELS)
def test_max_average_and_lp_pooling_are_torchs(kernel: int, stride: int) -> None:
    x = maps(2, 3, 12, 12)
    wide = padded(x, kernel, stride, "zero")
    theirs = {
        "max": nn.MaxPool2d(kernel, stride),
        "avg": nn.AvgPool2d(kernel, stride),
        "lp": nn.LPPool2d(2, kernel, stride),
    }
    for name, layer in theirs.items():
        torch.testing.assert_close(pool(name, x, Window(kernel, stride, "zero")), layer(wide))


@pytest.mark.parametrize(("kernel", "stride"), KERNELS)
@pytest.mark.parametrize("name", POOLS[:-1])
def test_every_pooling_leaves_the_size_over_the_stride(name: str, kernel: int, stride: int) -> None:
    assert pool(name, maps(1, 2, 12, 12), Window(kernel, stride)).shape == (1, 2, 12 // stride, 12 // stride)


def test_the_generalized_mean_is_the_mean_at_one_and_the_maximum_in_the_limit() -> None:
    x = maps(2, 3, 8, 8) + 0.1
    torch.testing.assert_close(generalized_mean(x, torch.tensor(1.0), 2, 2), functional.avg_pool2d(x, 2))
    largest = functional.max_pool2d(x, 2)
    assert (generalized_mean(x, torch.tensor(300.0), 2, 2) / largest - 1).abs().max() < 0.01


def test_attention_with_equal_scores_is_the_mean_and_with_extreme_ones_a_choice() -> None:
    x = maps(1, 2, 4, 4)
    torch.testing.assert_close(attended(x, torch.full((1, 1, 4, 4), 7.0).double(), 2, 2), functional.avg_pool2d(x, 2))
    scores = torch.zeros(1, 1, 4, 4).double()
    scores[..., ::2, ::2] = 100
    torch.testing.assert_close(attended(x, scores, 2, 2), x[..., ::2, ::2])


def test_blur_pooling_is_a_dense_maximum_and_a_binomial_filter_of_scipys() -> None:
    x = maps(1, 1, 8, 8)
    dense = ndimage.maximum_filter(x[0, 0].numpy(), size=2, mode="wrap", origin=-1)
    line = np.array([0.25, 0.5, 0.25])
    blurred = ndimage.convolve(dense, np.outer(line, line), mode="wrap")
    # with stride 2 one row and column are missing of three, below and right, so windows begin at pixel 0
    torch.testing.assert_close(pool("blur", x, Window())[0, 0], torch.from_numpy(blurred[1::2, 1::2].copy()))


def test_no_pooling_has_a_gradient_that_is_not_finite_on_an_empty_map() -> None:
    for name in POOLS:
        x = torch.zeros(1, 2, 4, 4, requires_grad=True)
        Pool(name, 2, Window())(x).sum().backward()
        assert x.grad is not None
        assert x.grad.isfinite().all(), name


def test_the_output_size_is_that_of_the_published_networks() -> None:
    assert output_size(224, 7, 2, padding=3) == 112  # ResNet's first convolution
    assert output_size(55, 3, 2) == 27  # AlexNet's first pooling
    assert output_size(7, 3, 1, dilation=3) == 1


@pytest.mark.parametrize("border", ["circular", "zero"])
@pytest.mark.parametrize(("before", "after"), [(0, 0), (1, 1), (0, 1), (2, 1), (3, 0)])
def test_a_frame_and_its_gradient_are_torchs(border: Border, before: int, after: int) -> None:
    x, other = (maps(2, 2, 12, 12).requires_grad_() for _ in range(2))
    own = framed(x, before, after, border)
    theirs = functional.pad(other, (before, after) * 2, mode="circular" if border == "circular" else "constant")
    torch.testing.assert_close(own, theirs, rtol=0, atol=0)
    weights = torch.rand_like(own)
    (own * weights).sum().backward()
    (theirs * weights).sum().backward()
    torch.testing.assert_close(x.grad, other.grad)
