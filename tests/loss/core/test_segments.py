"""Discs among squares."""

from __future__ import annotations

import pytest
import torch

from experiments.loss.core import segments


def test_discs_cover_their_share_and_squares_are_no_target() -> None:
    images, masks = segments.pictures(50, 32, 0.05, torch.Generator().manual_seed(0))
    assert masks.mean().item() == pytest.approx(0.05, rel=0.05)
    assert images[masks > 0].mean().item() == pytest.approx(1, abs=0.02)
    squares = images[masks == 0].mean().item() / segments.SQUARE_BRIGHTNESS
    assert 0.05 < squares < 2 * 0.05 / 0.95  # two of the disc's area, where neither the disc nor each other hides them
