"""Grids against torch's own, and against a search without cleverness."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from experiments.adapt.core.rounding import Floats, groups, least_squares_range, on_grid, quantized, sqnr_db

WEIGHTS: Floats = np.random.default_rng(0).standard_normal((6, 64)).astype(np.float32)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_channels_are_rounded_as_torch_does(bits: int) -> None:
    """With zero among the levels, as torch's grids have it: the range begins at 0."""
    weights = np.abs(WEIGHTS)
    weights[:, 0] = 0
    kept, step = quantized(weights, bits, "channel")
    scale, zero = torch.from_numpy(step[:, 0]), torch.zeros(len(weights), dtype=torch.int32)
    expected = torch.fake_quantize_per_channel_affine(torch.from_numpy(weights), scale, zero, 0, 0, 2**bits - 1)
    np.testing.assert_allclose(kept, expected.numpy(), rtol=1e-6)


@pytest.mark.parametrize("scales", ["tensor", "channel", "block"])
def test_every_group_has_no_more_than_its_levels(scales: str) -> None:
    kept, step = quantized(WEIGHTS, 2, scales)  # type: ignore[arg-type]
    shared = groups(kept, scales)  # type: ignore[arg-type]
    assert step.shape == (len(shared), 1)
    assert max(len(np.unique(group)) for group in shared) <= 4


def test_a_constant_group_is_kept() -> None:
    np.testing.assert_array_equal(quantized(np.full((2, 32), 0.3, np.float32), 2, "block")[0], np.float32(0.3))


def test_the_least_squares_range_is_the_best_of_its_grid() -> None:
    low, high = WEIGHTS.min(axis=1, keepdims=True), WEIGHTS.max(axis=1, keepdims=True)
    best = on_grid(WEIGHTS, *least_squares_range(WEIGHTS, low, high, 3), 3)[0]
    middle, half = (low + high) / 2, (high - low) / 2
    for shrink in np.arange(2, 21) / 20:
        other = on_grid(WEIGHTS, middle - shrink * half, middle + shrink * half, 3)[0]
        assert (np.square(best - WEIGHTS).sum(axis=1) <= np.square(other - WEIGHTS).sum(axis=1) + 1e-5).all()


def test_uniform_numbers_have_the_noise_of_theory() -> None:
    """Variance 1/12 of the signal's square range, step^2 / 12 of the noise: 20 log10(2^b - 1) dB."""
    drawn = np.random.default_rng(1).uniform(-1, 1, (1, 100_000)).astype(np.float32)
    assert sqnr_db(drawn, quantized(drawn, 6, "tensor")[0]) == pytest.approx(20 * np.log10(63), abs=0.05)


def test_blocks_need_rows_of_blocks() -> None:
    with pytest.raises(ValueError, match=r"^expected rows of a multiple of 32 weights, got 33$"):
        quantized(np.zeros((2, 33), np.float32), 4, "block")
