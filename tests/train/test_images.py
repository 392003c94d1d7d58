"""Wrong labels."""

from __future__ import annotations

import torch

from experiments.train.images import with_wrong_labels


def test_exactly_the_asked_share_of_labels_is_wrong() -> None:
    labels = torch.arange(100) % 10
    noisy = with_wrong_labels(labels, 0.2, 10, torch.Generator().manual_seed(0))
    assert int((noisy != labels).sum()) == 20
    assert set(noisy.tolist()) <= set(range(10))
