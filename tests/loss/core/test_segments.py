"""Discs among squares, and the zone along their edges."""

from __future__ import annotations

import pytest
import torch

from experiments.loss.core import segments


def test_discs_cover_their_share_and_squares_are_no_target() -> None:
    images, masks = segments.pictures(50, 32, 0.05, torch.Generator().manual_seed(0))
    assert masks.mean().item() == pytest.approx(0.05, rel=0.05)
    assert (images > 0.7).float().mean() > 1.5 * masks.mean()


def test_the_boundary_is_what_erosion_takes_and_dilation_adds() -> None:
    mask = torch.zeros(1, 1, 7, 7, dtype=torch.bool)
    mask[..., 2:5, 2:5] = True
    assert segments.boundary(mask).sum() == 25 - 1
    assert segments.boundary_iou(mask, mask) == 1
