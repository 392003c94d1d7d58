"""Gradients of several backward passes."""

from __future__ import annotations

import torch

from experiments.train.core.accumulation import gradient_after


def test_gradients_accumulate_unless_they_are_zeroed() -> None:
    x, y = torch.tensor([[1.0], [2.0]]), torch.tensor([0.0, 0.0])
    assert gradient_after(1, x, y, zero_grad=False).item() == 5  # mean of 2 * 1 * 1 and 2 * 2 * 2
    assert gradient_after(3, x, y, zero_grad=False).item() == 15
    assert gradient_after(3, x, y, zero_grad=True).item() == 5
