"""Dropout of a linear model against its closed form."""

from __future__ import annotations

import pytest
import torch

from experiments.train.core.dropout_penalty import dropout_loss_exactly, dropout_penalty


def test_dropout_of_a_linear_model_is_an_adaptive_l2_penalty_in_the_mean() -> None:
    rng = torch.Generator().manual_seed(0)
    x, y, w = (torch.randn(*shape, generator=rng, dtype=torch.float64) for shape in ((8, 3), (8,), (3,)))
    x = x * torch.tensor([1.0, 5.0, 0.1])
    adaptive, plain = dropout_penalty(x, w, 0.4)
    expected = dropout_loss_exactly(x, y, w, 0.4) - (x @ w - y).square().mean()
    assert float(adaptive) == pytest.approx(float(expected))
    assert float(plain) != pytest.approx(float(expected), rel=0.01)


def test_one_mask_of_one_weight_by_hand() -> None:
    one = torch.ones(1, dtype=torch.float64)
    # the prediction is 0 or 2, each with probability 1/2; the target is 1
    assert float(dropout_loss_exactly(one[None], one, one, 0.5)) == 1
