"""Ink lies where its mask says, on windows of the photograph."""

from __future__ import annotations

import pytest
import torch

from experiments.arch.core.inked import crops, inked


def test_ink_lies_under_its_mask_alone_and_differs_by_the_contrast() -> None:
    rng = torch.Generator().manual_seed(0)
    images, masks = inked(torch.ones(1, 8, 8), torch.full((50, 60), 0.8), 3, 32, (0.3, 0.3), rng)
    assert masks.float().mean().item() == pytest.approx(20**2 / 32**2)
    torch.testing.assert_close(images[masks], torch.full((1200,), 0.5))
    torch.testing.assert_close(images[~masks], torch.full((3 * 1024 - 1200,), 0.8))


def test_crops_are_windows_of_the_picture() -> None:
    picture = torch.arange(30.0).view(1, 5, 6)
    for crop in crops(picture, 8, 3, torch.Generator().manual_seed(0)):
        assert (crop - crop[0, 0, 0]).flatten().tolist() == [0, 1, 2, 6, 7, 8, 12, 13, 14]
