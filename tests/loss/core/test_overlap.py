"""Soft overlap against the scores of hard masks, its gradients, and empty masks."""

from __future__ import annotations

import pytest
import torch

from experiments.foundation.networks.scores.mask_scores import dice_score, iou_score
from experiments.loss.core import overlap

RNG = torch.Generator().manual_seed(2)
PREDICTED = torch.rand(6, 9, 9, generator=RNG) < 0.4
MASKS = torch.rand(6, 9, 9, generator=RNG) < 0.3


def test_soft_losses_of_hard_masks_are_one_minus_the_scores() -> None:
    p, t = PREDICTED.double(), MASKS.double()
    hard = {overlap.soft_dice: dice_score, overlap.soft_iou: iou_score}
    for loss, score in hard.items():
        torch.testing.assert_close(loss(p, t, smooth=1e-12), 1 - score(PREDICTED, MASKS).double())
    torch.testing.assert_close(overlap.soft_dice(p, t, smooth=2.0), overlap.tversky(p, t, smooth=1.0))
    torch.testing.assert_close(overlap.soft_dice(p, t), overlap.soft_dice(p, t, squares=True))


def test_two_empty_masks_agree_fully() -> None:
    nothing = torch.zeros(1, 1, 2, 2)
    assert overlap.soft_dice(nothing, nothing).item() == 0


def test_gradients_of_soft_overlap_are_right() -> None:
    z = torch.randn(2, 1, 3, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64).requires_grad_()
    t = (torch.rand(2, 1, 3, 3, generator=torch.Generator().manual_seed(4)) < 0.5).double()
    assert torch.autograd.gradcheck(lambda x: overlap.soft_dice(x.sigmoid(), t, squares=True), z)
    assert torch.autograd.gradcheck(lambda x: overlap.tversky(x.sigmoid(), t, alpha=0.3, beta=0.7), z)


def test_the_slope_of_one_pixel_is_that_of_its_dice() -> None:
    p, t = torch.tensor(1e-3, dtype=torch.float64, requires_grad=True), torch.tensor(2e-3, dtype=torch.float64)
    (slope,) = torch.autograd.grad(overlap.pixel_dice(p, t), p)
    assert overlap.pixel_dice_slope(p, t).item() == pytest.approx(slope.item()) == pytest.approx(480)
