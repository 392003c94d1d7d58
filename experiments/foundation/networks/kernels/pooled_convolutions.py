"""Convolution 3x3, ReLU, convolution 3x3, ReLU, max-pooling 2x2 and dropout as one differentiable operation.

On a CPU the time of this block goes into what surrounds the products: dropout's random numbers, pooling, ReLU, and a
backward pass that multiplies a gradient of which pooling has made three quarters zero. ``convolve_and_pool`` takes
compiled kernels where they fit (see ``convolutions.cpp``) and torch's operators elsewhere: the same function and
gradient up to rounding, with other dropout masks. Under autocast the products are made of 16-bit numbers; sums and the
first convolution are float32. On a CPU with AMX (see ``convolutions_amx.cpp``) its backward pass is 16-bit too.
"""

from __future__ import annotations

import ctypes
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.foundation.networks.kernels.native import amx_usable, kernels

KERNEL_CHANNELS = (32, 64)
"""Channels after the two convolutions that the kernels are compiled for."""
SMALLEST_SIDE, LARGEST_SIDE = 16, 132
"""Smaller images are quick enough without kernels; the kernels have room for no larger ones (64 columns pooled)."""


def convolve_and_pool(images: Tensor, first: nn.Conv2d, second: nn.Conv2d, dropout: nn.Dropout) -> Tensor:
    """dropout(relu(max_pool(second(relu(first(images)))))), flattened to (n, rows * columns * channels).

    Channels vary fastest, as they lie in memory in the channels_last format. ReLU is monotone, so it commutes with the
    maximum: after the pooling it has a quarter of the work.

    Args:
        images: (n, c, h, w).
        first: a 3 x 3 convolution without padding.
        second: another one.
        dropout: active while it is in training mode.
    """
    p = dropout.p if dropout.training else 0.0
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else images.dtype
    if fits_kernels(images, first, second, dtype):
        seed = int(torch.randint(2**62, ()).item()) if p > 0 else 0
        parameters = first.weight, first.bias, second.weight, second.bias
        return _PooledConvolutions.apply(images, *parameters, p, seed, dtype)  # type: ignore[no-untyped-call]
    pooled = functional.max_pool2d(second(first(images).relu_()), 2).relu_()
    return functional.dropout(pooled, p).permute(0, 2, 3, 1).flatten(1)


def fits_kernels(images: Tensor, first: nn.Conv2d, second: nn.Conv2d, dtype: torch.dtype) -> bool:
    """Whether the compiled kernels can compute this block."""
    return (
        images.is_cpu
        and images.dtype == first.weight.dtype == torch.float32
        and dtype in (torch.float32, torch.bfloat16)
        and not images.requires_grad
        and images.shape[1] in (1, 3)
        and min(images.shape[2:]) >= SMALLEST_SIDE
        and max(images.shape[2:]) <= LARGEST_SIDE
        and (first.out_channels, second.out_channels) == KERNEL_CHANNELS
        and all(layer.kernel_size == (3, 3) and layer.padding == (0, 0) for layer in (first, second))
        and first.bias is not None
        and second.bias is not None
        and not torch.compiler.is_compiling()
        and kernels() is not None
    )


class _PooledConvolutions(torch.autograd.Function):
    """The block on compiled kernels. Without AMX the second convolution's forward products are torch's."""

    @staticmethod
    def forward(
        ctx: Any,
        images: Tensor,
        first_weight: Tensor,
        first_bias: Tensor,
        second_weight: Tensor,
        second_bias: Tensor,
        p: float,
        seed: int,
        dtype: torch.dtype,
    ) -> Tensor:
        n, channels, height, width = images.shape
        images = images.contiguous(memory_format=torch.channels_last)
        shape = (n, channels, height - 2, width - 2)
        taps, windows = first_weight.permute(2, 3, 1, 0).contiguous(), second_weight.permute(0, 2, 3, 1).contiguous()
        rows, columns = (height - 4) // 2, (width - 4) // 2
        pooled = torch.empty(n, rows * columns * 64, dtype=dtype)
        codes = torch.empty(pooled.shape, dtype=torch.uint8)
        dropped = 1 / (1 - p), round(p * 65536), seed
        ctx.shape, ctx.scale, ctx.dtype, ctx.tiles = shape, dropped[0], dtype, dtype == torch.bfloat16 and amx_usable()
        if ctx.tiles:
            call_kernel("forward_amx", shape, images, taps, first_bias, windows, second_bias, *dropped, pooled, codes)
            ctx.save_for_backward(images, codes, windows, taps, first_bias)
            return pooled
        hidden = torch.empty(n, 32, height - 2, width - 2, dtype=dtype, memory_format=torch.channels_last)
        call_kernel(_typed("first", dtype), shape, images, taps, first_bias, hidden)
        with torch.autocast("cpu", enabled=False):
            raw = functional.conv2d(hidden, second_weight.to(dtype), second_bias.to(dtype))
        raw = raw.contiguous(memory_format=torch.channels_last)
        call_kernel(_typed("pool", dtype), shape, raw, *dropped, pooled, codes)
        ctx.save_for_backward(images, codes, windows, hidden)
        return pooled

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        images, codes, windows, *kept = ctx.saved_tensors
        channels, threads = images.shape[1], torch.get_num_threads()
        first_weight = torch.zeros(threads, 3, 3, channels, 32)
        first_bias, second_bias = torch.zeros(threads, 32), torch.zeros(threads, 64)
        second = torch.zeros(threads, *windows.shape)
        sums = (first_weight, first_bias, second, second_bias)
        gradient = gradients[0].contiguous()
        name = "backward_amx" if ctx.tiles else _typed("backward", ctx.dtype)
        call_kernel(name, ctx.shape, images, *kept, gradient, codes, ctx.scale, windows, *sums)
        taps, bias, window, second_sum = (part.sum(0) for part in sums)
        return None, taps.permute(3, 2, 0, 1), bias, window.permute(0, 3, 1, 2), second_sum, None, None, None


def _typed(name: str, dtype: torch.dtype) -> str:
    return f"{name}_{'float' if dtype == torch.float32 else 'bfloat'}"


def call_kernel(name: str, shape: tuple[int, ...], *arguments: Tensor | ctypes.Array[Any] | float) -> None:
    """Call a kernel; integers are 64-bit unless the kernel says otherwise (see ``convolutions.cpp``)."""
    function = getattr(kernels(), name)
    function(*map(ctypes.c_int64, shape), *map(_plain, arguments), ctypes.c_int(torch.get_num_threads()))


def _plain(value: Tensor | ctypes.Array[Any] | float) -> Any:
    if isinstance(value, Tensor):
        return ctypes.c_void_p(value.data_ptr())
    if isinstance(value, ctypes.Array):
        return value
    return ctypes.c_float(value) if isinstance(value, float) else ctypes.c_int64(value)
