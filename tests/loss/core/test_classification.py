"""Losses per example against torch's and torchmetrics', their gradients, and their ends."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from experiments.foundation.networks.scores.binary_losses import binary_cross_entropy, focal
from experiments.loss.core import classification

LOGITS = torch.randn(30, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
TARGETS = torch.randint(5, (30,), generator=torch.Generator().manual_seed(1))
BINARY = (TARGETS > 2).double()


def test_cross_entropy_is_torchs() -> None:
    expected = functional.cross_entropy(LOGITS, TARGETS, reduction="none")
    torch.testing.assert_close(classification.cross_entropy(LOGITS, TARGETS), expected)


def test_squares_are_torchs_sums_over_classes() -> None:
    hot = functional.one_hot(TARGETS, 5).double()
    for loss, outputs in (
        (classification.squared_logits, LOGITS),
        (classification.squared_softmax, LOGITS.softmax(1)),
        (classification.squared_sigmoid, LOGITS.sigmoid()),
    ):
        expected = functional.mse_loss(outputs, hot, reduction="none").sum(1)
        torch.testing.assert_close(loss(LOGITS, TARGETS), expected)


def test_hinge_of_two_classes_is_torchs_multi_margin() -> None:
    targets = TARGETS % 2
    expected = 2 * functional.multi_margin_loss(LOGITS[:, :2], targets, reduction="none")  # torch divides by classes
    torch.testing.assert_close(classification.hinge(LOGITS[:, :2], targets), expected)


def test_hinge_is_torchmetrics_after_crammer_and_singer() -> None:
    torchmetrics = pytest.importorskip("torchmetrics.functional.classification", reason="extra: test")
    scores = LOGITS.sigmoid()  # torchmetrics takes a softmax of scores outside [0, 1]
    expected = torchmetrics.multiclass_hinge_loss(scores, TARGETS, num_classes=5)
    torch.testing.assert_close(classification.hinge(scores, TARGETS).mean(), expected)


def test_focal_gradient_ratio_is_that_of_the_losses() -> None:
    z = torch.linspace(-4, 4, 20, dtype=torch.float64, requires_grad=True)
    ones = torch.ones_like(z)
    (focused,) = torch.autograd.grad(focal(z, ones, gamma=2.0).sum(), z)
    (plain,) = torch.autograd.grad(binary_cross_entropy(z, ones).sum(), z)
    torch.testing.assert_close(classification.focal_gradient_ratio(z.detach().sigmoid(), 2.0), focused / plain)


def test_the_gradient_of_focal_loss_peaks_where_it_was_computed() -> None:
    peak, where, crossing = classification.focal_gradient_peak(2.0)
    assert (round(peak, 4), round(where, 3), round(crossing, 4)) == (1.2246, 0.104, 0.2976)


def test_losses_of_no_example_have_no_entry() -> None:
    for loss in (classification.cross_entropy, classification.hinge, classification.squared_softmax):
        assert loss(torch.empty(0, 3), torch.empty(0, dtype=torch.int64)).shape == (0,)
