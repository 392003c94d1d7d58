"""Discs among squares."""

from __future__ import annotations

import pytest
import torch

from experiments.loss.core import segments


def test_discs_cover_their_share_and_squares_are_no_target() -> None:
    images, masks = segments.pictures(50, 32, 0.05, torch.Generator().manual_seed(0))
    assert masks.mean().item() == pytest.approx(0.05, rel=0.05)
    assert (images > 0.7).float().mean() > 1.5 * masks.mean()
