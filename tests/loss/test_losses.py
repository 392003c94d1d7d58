"""Losses per example against torch's and scikit-learn's, their gradients, and their ends."""

from __future__ import annotations

import torch

from experiments.loss.core import properties

LOGITS = torch.randn(30, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
TARGETS = torch.randint(5, (30,), generator=torch.Generator().manual_seed(1))
BINARY = (TARGETS > 2).double()


def test_softmax_regression_is_convex_and_a_hidden_layer_is_not() -> None:
    rng = torch.Generator().manual_seed(0)
    assert properties.smallest_curvature("ce", rng) > -1e-12
    assert properties.smallest_curvature("ce", rng, hidden=5) < -1e-6
    assert properties.smallest_curvature("mse_sigmoid", rng) < -1e-6


def test_accuracy_is_flat_and_ranks_a_pair_against_the_loss() -> None:
    flat, steep = properties.flatness(torch.Generator().manual_seed(0))
    assert flat == 0
    assert steep > 1e-3
    cautious, bold = properties.wrongly_ranked_pair().values()
    assert cautious[0] > bold[0]
    assert cautious[1] > bold[1]
    assert properties.misranked(cautious, bold) == 1
