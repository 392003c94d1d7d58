"""Losses of real predictions against torch's."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from experiments.loss.core import regression

VALUES = torch.randn(30, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("delta", [0.5, 1.0])
def test_huber_is_torchs(delta: float) -> None:
    y, t = VALUES[:, 0], VALUES[:, 1]
    expected = functional.huber_loss(y, t, delta=delta, reduction="none")
    torch.testing.assert_close(regression.huber(y, t, delta=delta), expected)


@pytest.mark.parametrize("full", [False, True])
def test_gaussian_likelihood_is_torchs(full: bool) -> None:
    y, t, variances = VALUES[:, 0], VALUES[:, 1], VALUES[:, 2].exp()
    expected = functional.gaussian_nll_loss(y, t, variances, full=full, reduction="none")
    torch.testing.assert_close(regression.gaussian_nll(y, t, variances, full=full), expected)


def test_squared_is_the_square_of_absolute() -> None:
    y, t = VALUES[:, 0], VALUES[:, 1]
    torch.testing.assert_close(regression.squared(y, t), regression.absolute(y, t) ** 2)


def test_a_small_variance_that_is_right_makes_the_likelihood_negative() -> None:
    zero = torch.zeros(1, dtype=torch.float64)
    assert regression.gaussian_nll(zero, zero, zero + 1e-3).item() == pytest.approx(math.log(1e-3) / 2)
    with pytest.raises(ValueError, match="positive variances"):
        regression.gaussian_nll(zero, zero, zero)
    with pytest.raises(ValueError, match="positive delta"):
        regression.huber(zero, zero, delta=0)
