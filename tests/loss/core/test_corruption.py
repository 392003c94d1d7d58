"""Corrupted images and labels."""

from __future__ import annotations

import pytest
import torch

from experiments.loss.core import corruption


def test_noisy_labels_are_other_labels() -> None:
    labels = torch.zeros(2000, dtype=torch.int64)
    noisy = corruption.noisy_labels(labels, 0.3, 10, torch.Generator().manual_seed(0))
    assert (noisy != labels).double().mean().item() == pytest.approx(0.3, abs=0.05)
    assert set(noisy.tolist()) == set(range(10))


@pytest.mark.parametrize("kind", ["gauss", "salt", "shift"])
def test_corruption_of_no_severity_changes_nothing_and_values_stay_in_range(kind: corruption.Corruption) -> None:
    images = torch.rand(5, 8, 8, generator=torch.Generator().manual_seed(0))
    rng = torch.Generator().manual_seed(1)
    assert torch.equal(corruption.corrupt(images, kind, 0.0, rng), images)
    found = corruption.corrupt(images, kind, 0.5, rng)
    assert not torch.equal(found, images)
    assert 0 <= found.min() <= found.max() <= 1
