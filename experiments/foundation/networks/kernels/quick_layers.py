"""The convolutional layers of network ``quick`` in training, as one differentiable operation on compiled kernels.

In torch each convolution, pooling, batch normalization and ReLU writes what the next one reads, and the backward pass
multiplies gradients of which pooling has made three quarters, then eight ninths zero. ``quick_layers.cpp`` computes the
same function and gradient up to rounding, with products of bfloat16, sums and statistics of float32.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from experiments.foundation.networks.kernels.native import quick_usable
from experiments.foundation.networks.kernels.pooled_convolutions import call_kernel

WIDTHS = (16, 48, 96)
IMAGE = (1, 28, 28)
CELLS = (12 * 12, 5 * 5, 1)
"""Pixels of each layer's result, after its pooling."""
Layers = Sequence[tuple[nn.Conv2d, nn.BatchNorm2d]]


def fits_quick_kernels(images: Tensor, layers: Layers) -> bool:
    """Whether the compiled kernels can compute these layers: a network in training under autocast to bfloat16."""
    return (
        images.is_cpu
        and images.dtype == torch.float32
        and tuple(images.shape[1:]) == IMAGE
        and len(images) > 1
        and not images.requires_grad
        and torch.is_autocast_enabled("cpu")
        and torch.get_autocast_dtype("cpu") == torch.bfloat16
        and all(norm.training and conv.weight.dtype == torch.float32 for conv, norm in layers)
        and not torch.compiler.is_compiling()
        and quick_usable()
    )


def quick_features(images: Tensor, layers: Layers) -> Tensor:
    """relu(batch-norm(max-pool(conv))) of each layer, the first without pooling: features (n, 96), float32.

    The normalizations' running averages move on.

    Args:
        images: (n, 1, 28, 28).
        layers: a 5 x 5 convolution with stride 2, and two of 3 x 3 pooled by 2 x 2 and 3 x 3; none padded.
    """
    parameters = [tensor for conv, norm in layers for tensor in (conv.weight, norm.weight, norm.bias)]
    for _, norm in layers:
        norm.num_batches_tracked.add_(1)  # type: ignore[union-attr]
    return _QuickLayers.apply(images, [norm for _, norm in layers], *parameters)  # type: ignore[no-untyped-call]


class _QuickLayers(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, norms: Sequence[nn.BatchNorm2d], *parameters: Tensor) -> Tensor:
        n, images = len(images), images.contiguous()
        layers = []
        for norm, cells, weight, *affine in zip(norms, CELLS, *(parameters[k::3] for k in range(3)), strict=True):
            running, statistics = (norm.running_mean, norm.running_var), torch.empty(2, len(weight)).unbind()
            values = torch.empty(n, cells, len(weight), dtype=torch.bfloat16)
            codes = torch.empty(values.shape, dtype=torch.uint8)
            kept = weight.contiguous(memory_format=torch.channels_last)
            layers.append([kept, *affine, *running, *statistics, values, codes])
        features = torch.empty(n, WIDTHS[-1])
        call_kernel("quick_forward", (n,), images, _addresses(layers), features, norms[0].eps, norms[0].momentum or 0.0)
        ctx.images, ctx.layers = images, layers
        ctx.save_for_backward(*parameters)
        return features

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        assert ctx.saved_tensors  # refuses where a parameter has been changed since
        gradients = [[torch.empty_like(tensor) for tensor in layer[:3]] for layer in ctx.layers]
        layers = [[*layer, *own] for layer, own in zip(ctx.layers, gradients, strict=True)]
        call_kernel("quick_backward", (len(gradient),), ctx.images, _addresses(layers), gradient.contiguous())
        return None, None, *(tensor for own in gradients for tensor in own)


def _addresses(layers: list[list[Tensor]]) -> ctypes.Array[ctypes.c_void_p]:
    """The array of ``Memory`` in quick_layers.cpp: twelve addresses a layer, of which the forward pass needs nine."""
    return (ctypes.c_void_p * (12 * len(layers)))(
        *(address for layer in layers for address in [*(tensor.data_ptr() for tensor in layer), 0, 0, 0][:12])
    )
