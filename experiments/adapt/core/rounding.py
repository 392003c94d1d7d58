"""Uniform grids of b bits: one scale for a tensor, for each output channel or for each block of 32 weights.

    q = clip(round((x - low) / step), 0, 2^b - 1),  x' = low + step q,  step = (high - low) / (2^b - 1)

min-max takes low and high from the weights, so that nothing is clipped and |x - x'| <= step / 2. The least-squares clip
shrinks both towards their middle, by the factor on a grid of 19 that leaves the smallest squared error.

Source: Widrow, Kollár: Quantization Noise, 2008 (6.02 dB a bit); Max: Quantizing for Minimum Distortion, 1960.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Granularity = Literal["tensor", "channel", "block"]
Calibration = Literal["minmax", "mse"]
SHRINKS = np.linspace(1, 0.1, 19, dtype=np.float32)
BLOCK = 32


def groups(weights: Floats, granularity: Granularity) -> Floats:
    """The weights (n_out, n_in) as (groups, weights that share a scale).

    Raises:
        ValueError: blocks of rows whose length is not a multiple of 32.

    >>> [groups(np.zeros((4, 64), np.float32), way).shape for way in ("tensor", "channel", "block")]
    [(1, 256), (4, 64), (8, 32)]
    """
    if granularity == "block" and weights.shape[-1] % BLOCK:
        raise ValueError(f"expected rows of a multiple of {BLOCK} weights, got {weights.shape[-1]}")
    size = {"tensor": weights.size, "channel": weights.shape[-1], "block": BLOCK}[granularity]
    return weights.reshape(-1, size)


def quantized(
    weights: Floats, bits: int, granularity: Granularity, calibration: Calibration = "minmax"
) -> tuple[Floats, Floats]:
    """The weights on their grid, in their shape, and the step of each group (groups, 1).

    >>> values, step = quantized(np.array([[0.0, 0.4, 3.0]], np.float32), 2, "tensor")
    >>> values.tolist(), step.tolist()
    ([[0.0, 0.0, 3.0]], [[1.0]])
    """
    shared = groups(weights, granularity)
    low, high = shared.min(axis=1, keepdims=True), shared.max(axis=1, keepdims=True)
    if calibration == "mse":
        low, high = least_squares_range(shared, low, high, bits)
    values, step = on_grid(shared, low, high, bits)
    return values.reshape(weights.shape), step


def on_grid(shared: Floats, low: Floats, high: Floats, bits: int) -> tuple[Floats, Floats]:
    """Groups (groups, n) rounded to 2^bits levels from low to high, each (groups, 1), and the steps."""
    top = 2**bits - 1
    step = (high - low) / np.float32(top)
    safe = np.where(step == 0, np.float32(1), step)  # a constant group is its own level
    return low + safe * np.clip(np.round((shared - low) / safe), 0, top), step


def least_squares_range(shared: Floats, low: Floats, high: Floats, bits: int) -> tuple[Floats, Floats]:
    """The range per group, shrunk towards its middle, that rounds with the least squared error."""
    middle, half = (low + high) / 2, (high - low) / 2
    errors = np.stack(
        [
            np.square(on_grid(shared, middle - shrink * half, middle + shrink * half, bits)[0] - shared).sum(axis=1)
            for shrink in SHRINKS
        ]
    )
    best = SHRINKS[errors.argmin(axis=0)][:, None]
    return middle - best * half, middle + best * half


def sqnr_db(weights: Floats, rounded: Floats) -> float:
    """Signal to quantization noise, 10 log10 (sum x^2 / sum (x - x')^2), in dB; infinite where nothing moved.

    >>> sqnr_db(np.array([10.0, 0.0], np.float32), np.array([10.0, 1.0], np.float32))
    20.0
    """
    signal, noise = (float(np.square(values, dtype=np.float64).sum()) for values in (weights, weights - rounded))
    return float(10 * np.log10(signal / noise)) if noise else float("inf")
