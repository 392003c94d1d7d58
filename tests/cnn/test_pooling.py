"""Poolings against torch.nn, scipy.ndimage and the laws of means."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn
from torch.nn import functional

from experiments.cnn.core import pooling_laws as laws
from experiments.cnn.core.pooling import POOLS, Pool, Window, attended, generalized_mean, output_size, padded
from experiments.cnn.core.pooling_network import (
    POOLED_WIDTHS,
    PoolingNetwork,
    convolution_macs,
    parameter_count,
    unpooled_widths,
)
from experiments.foundation.networks.flops import forward_cost
from experiments.lab.errors import InputError

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


@pytest.mark.parametrize("shape", [(1, 28, 28), (1, 8, 8), (3, 32, 32)])
def test_closed_forms_of_cost_are_counted_ones(shape: tuple[int, int, int]) -> None:
    for name, stride in (("max", 2), ("none", 1)):
        cost = forward_cost(PoolingNetwork(name, shape, 10, Window()), shape)  # type: ignore[arg-type]
        assert cost.macs == convolution_macs(shape, 10, POOLED_WIDTHS, stride)
        assert cost.parameters == parameter_count(shape, 10, POOLED_WIDTHS, stride)


def test_the_rival_without_pooling_costs_as_many_flops_within_two_percent() -> None:
    shape = (1, 28, 28)
    widths = unpooled_widths(shape, 10, Window(), "macs")
    assert convolution_macs(shape, 10, widths, 1) == pytest.approx(convolution_macs(shape, 10, (8, 16), 2), rel=0.02)
    assert unpooled_widths(shape, 10, Window(), "parameters") == (8, 1)


def test_networks_of_one_seed_start_from_the_same_convolutions() -> None:
    built = []
    for name in POOLS[:-1]:
        torch.manual_seed(3)
        network = PoolingNetwork(name, (1, 8, 8), 10, Window())
        built.append((network.features[0].weight, network.features[3].weight, network.head.weight))
    assert all(torch.equal(a, b) for weights in built[1:] for a, b in zip(weights, built[0], strict=True))  # type: ignore[arg-type]


def test_a_window_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="kernel 5 and stride 2 do not fit into 8 x 8 pixels"):
        PoolingNetwork("max", (1, 8, 8), 10, Window(kernel=5))


def test_every_law_is_kept_and_its_control_is_not() -> None:
    x = maps(2, laws.CHANNELS, 16, 16) - 0.5
    kept = [*laws.commuting_trials(x), *laws.equivariance_trials(x, 0), *laws.global_average_trials(x, 0)]
    kept += [trial for kernel in (2, 3, 4, 5) for trial in laws.filter_trials(x, kernel, 2)]
    assert max(trial.error for trial in kept) < 1e-12
    assert min(trial.control_error for trial in kept) > 1e-3


def test_torch_has_six_kinds_of_pooling() -> None:
    assert laws.pooling_kinds() == ("AdaptiveAvg", "AdaptiveMax", "Avg", "FractionalMax", "LP", "Max")


def test_parameters_of_poolings_are_their_closed_forms() -> None:
    counts = dict(laws.parameter_counts())
    assert {name for name, count in counts.items() if count == 0} == {"max", "avg", "lp", "blur"}
    assert (counts["gem"], counts["attention"], counts["stride_conv"]) == (1, 8 + 1, 8 * 8 * 4 + 8)
