"""Scores and losses against torchmetrics, where it is installed."""

from __future__ import annotations

import pytest
import torch

from experiments.foundation.networks.metrics import expected_calibration_error
from experiments.loss.core import classification, imbalance, overlap

functional = pytest.importorskip("torchmetrics.functional", reason="torchmetrics is not installed (extra: test)")
segmentation = pytest.importorskip("torchmetrics.functional.segmentation", reason="torchmetrics is not installed")
RNG = torch.Generator().manual_seed(0)
PREDICTED = torch.rand(6, 9, 9, generator=RNG) < 0.3
MASKS = torch.rand(6, 9, 9, generator=RNG) < 0.4
LOGITS = 2 * torch.randn(500, 4, generator=RNG)
TARGETS = torch.randint(4, (500,), generator=RNG)


def test_dice_of_masks_is_torchmetrics_f1_and_dice_image_by_image() -> None:
    found = overlap.dice_score(PREDICTED, MASKS)
    f1 = functional.classification.binary_f1_score(PREDICTED.int(), MASKS.int(), multidim_average="samplewise")
    hot = (torch.stack([~mask, mask], 1).int() for mask in (PREDICTED, MASKS))
    dice = segmentation.dice_score(*hot, num_classes=2, include_background=False, average="macro")
    torch.testing.assert_close(found, f1)
    torch.testing.assert_close(found, dice.reshape(found.shape))


def test_iou_of_masks_is_torchmetrics_jaccard_index() -> None:
    pairs = zip(PREDICTED.int(), MASKS.int(), strict=True)
    expected = torch.stack([functional.classification.binary_jaccard_index(p, t) for p, t in pairs])
    torch.testing.assert_close(overlap.iou_score(PREDICTED, MASKS), expected)


def test_soft_dice_of_hard_masks_is_one_minus_torchmetrics_f1() -> None:
    f1 = functional.classification.binary_f1_score(PREDICTED.int(), MASKS.int(), multidim_average="samplewise")
    torch.testing.assert_close(overlap.soft_dice(PREDICTED.float(), MASKS.float(), smooth=0.0), 1 - f1)


@pytest.mark.parametrize("bins", [5, 15])
def test_calibration_error_is_torchmetrics(bins: int) -> None:
    expected = functional.classification.multiclass_calibration_error(
        LOGITS.softmax(1), TARGETS, num_classes=4, n_bins=bins, norm="l1"
    )
    assert expected_calibration_error(LOGITS.softmax(1), TARGETS, bins) == pytest.approx(float(expected), abs=1e-6)


def test_average_precision_is_torchmetrics() -> None:
    scores, targets = LOGITS[:, 0], (TARGETS == 0).float()
    expected = functional.classification.binary_average_precision(scores.sigmoid(), targets.int())
    assert imbalance.average_precision(scores, targets) == pytest.approx(float(expected), abs=1e-6)


def test_hinge_is_torchmetrics_after_crammer_and_singer() -> None:
    scores = LOGITS.sigmoid()  # torchmetrics takes a softmax of scores outside [0, 1]
    expected = functional.classification.multiclass_hinge_loss(scores, TARGETS, num_classes=4)
    torch.testing.assert_close(classification.hinge(scores, TARGETS).mean(), expected)
