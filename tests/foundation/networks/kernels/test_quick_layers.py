"""The compiled layers of network ``quick`` against torch's operators that round where the kernels do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.foundation.networks.kernels import native
from experiments.foundation.networks.kernels.quick_layers import Layers, quick_features
from experiments.foundation.networks.networks import QuickNetwork

needs_kernels = pytest.mark.skipif(not native.quick_usable(), reason="no compiler, or a CPU without avx512_bf16")


class _Rounded(torch.autograd.Function):
    """To bfloat16 and back; gradients pass as they are."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return values.bfloat16().float()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient


def rounded(values: Tensor) -> Tensor:
    return _Rounded.apply(values)  # type: ignore[no-untyped-call, no-any-return]


def in_torch(images: Tensor, layers: Layers) -> Tensor:
    (first, first_norm), (second, second_norm), (third, third_norm) = layers
    a = functional.relu(first_norm(rounded(first(images))))
    z = functional.max_pool2d(functional.conv2d(rounded(a), rounded(second.weight)), 2)
    a = functional.relu(second_norm(rounded(z)))
    z = functional.max_pool2d(functional.conv2d(rounded(a), rounded(third.weight)), 3)
    return functional.relu(third_norm(rounded(z))).flatten(1)


def make_layers() -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    torch.manual_seed(0)
    network = QuickNetwork((1, 28, 28), 10).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    layers = [(network.layers[at], network.layers[norm][0]) for at, norm in ((0, 1), (2, 4), (5, 7))]
    for _, norm in layers:
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.uniform_(norm.bias, -0.3, 0.3)
    return layers


def results(compute: Callable[[Tensor, Layers], Tensor], images: Tensor) -> list[Tensor]:
    """Features, gradients of all parameters, running averages."""
    layers = make_layers()
    features = compute(images, layers)
    weights = torch.randn(features.shape, generator=torch.Generator().manual_seed(2))
    parameters = [tensor for conv, norm in layers for tensor in (conv.weight, norm.weight, norm.bias)]
    gradients = torch.autograd.grad((features * weights).sum(), parameters)
    return [features.detach(), *gradients, *(buffer for _, norm in layers for buffer in norm.buffers())]


@needs_kernels
@pytest.mark.parametrize(("threads", "n"), [(1, 65), (2, 65), (2, 2)])
def test_values_gradients_and_averages_are_torchs(threads: int, n: int) -> None:
    """Where two maxima of a window are closer than a last bit, a gradient goes another way: hence 3 %."""
    torch.set_num_threads(threads)
    images = torch.randn(n, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    for ours, torchs in zip(results(quick_features, images), results(in_torch, images), strict=True):
        assert ours.shape == torchs.shape
        assert float((ours - torchs).float().norm()) <= 0.03 * float(torchs.float().norm())


@needs_kernels
def test_the_network_takes_them_in_sixteen_bits_while_it_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr(
        "experiments.foundation.networks.networks.quick_features",
        lambda images, layers: taken.append(len(images)) or quick_features(images, layers),
    )
    network, images = QuickNetwork((1, 28, 28), 10), torch.randn(4, 1, 28, 28)
    network(images)
    with torch.autocast("cpu", torch.bfloat16):
        network(images)
        network.eval()
        network(images)
        QuickNetwork((1, 8, 8), 10)(images[:, :, :8, :8])
    assert taken == [4]


@needs_kernels
def test_nan_stays_nan() -> None:
    images = torch.zeros(3, 1, 28, 28)
    images[1, 0, 5, 5] = torch.nan
    assert quick_features(images, make_layers()).isnan().all()
