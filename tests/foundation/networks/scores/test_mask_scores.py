"""Overlap of masks against scikit-learn's and torchmetrics' scores, the zone along their edges, and thresholds."""

from __future__ import annotations

import pytest
import torch
from sklearn.metrics import f1_score, jaccard_score

from experiments.foundation.networks.scores.mask_scores import (
    best_threshold,
    boundary,
    boundary_iou,
    dice_score,
    iou_score,
)

RNG = torch.Generator().manual_seed(2)
PREDICTED = torch.rand(6, 9, 9, generator=RNG) < 0.4
MASKS = torch.rand(6, 9, 9, generator=RNG) < 0.3


def test_dice_is_f1_and_iou_is_jaccard_of_the_pixels() -> None:
    dice, iou = dice_score(PREDICTED, MASKS), iou_score(PREDICTED, MASKS)
    for i in range(6):
        pair = MASKS[i].flatten(), PREDICTED[i].flatten()
        assert dice[i].item() == pytest.approx(f1_score(*pair))
        assert iou[i].item() == pytest.approx(jaccard_score(*pair))


def test_dice_of_masks_is_torchmetrics_f1_and_dice_image_by_image() -> None:
    torchmetrics = pytest.importorskip("torchmetrics.functional.classification", reason="extra: test")
    segmentation = pytest.importorskip("torchmetrics.functional.segmentation", reason="extra: test")
    found = dice_score(PREDICTED, MASKS)
    f1 = torchmetrics.binary_f1_score(PREDICTED.int(), MASKS.int(), multidim_average="samplewise")
    hot = (torch.stack([~mask, mask], 1).int() for mask in (PREDICTED, MASKS))
    dice = segmentation.dice_score(*hot, num_classes=2, include_background=False, average="macro")
    torch.testing.assert_close(found, f1)
    torch.testing.assert_close(found, dice.reshape(found.shape))


def test_iou_of_masks_is_torchmetrics_jaccard_index() -> None:
    torchmetrics = pytest.importorskip("torchmetrics.functional.classification", reason="extra: test")
    pairs = zip(PREDICTED.int(), MASKS.int(), strict=True)
    expected = torch.stack([torchmetrics.binary_jaccard_index(p, t) for p, t in pairs])
    torch.testing.assert_close(iou_score(PREDICTED, MASKS), expected)


def test_two_empty_masks_agree_fully() -> None:
    nothing = torch.zeros(1, 1, 2, 2, dtype=torch.bool)
    assert dice_score(nothing, nothing).item() == 1
    assert iou_score(nothing, nothing).item() == 1


def test_the_boundary_is_what_erosion_takes_and_dilation_adds() -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    mask = torch.zeros(1, 1, 9, 9, dtype=torch.bool)
    mask[..., 2:5, 3:8] = True
    square = [[1] * 3] * 3
    dilated, eroded = (change(mask[0, 0], square) for change in (ndimage.binary_dilation, ndimage.binary_erosion))
    assert torch.equal(boundary(mask)[0, 0], torch.from_numpy(dilated & ~eroded))
    assert boundary_iou(mask, mask) == 1


def test_the_threshold_is_the_best_of_its_grid() -> None:
    logits, masks = torch.randn(3, 5, 5, generator=RNG), torch.rand(3, 5, 5, generator=RNG) < 0.2
    threshold, dice = best_threshold(logits, masks)
    tried = [dice_score(logits > at, masks).mean().item() for at in torch.linspace(-4, 2, 25)]
    assert dice == pytest.approx(max(tried))
    assert dice_score(logits > threshold, masks).mean().item() == pytest.approx(dice)
