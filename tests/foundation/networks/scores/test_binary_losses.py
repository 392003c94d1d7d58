"""Losses of two classes against torch's, their gradients, and their ends."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from experiments.foundation.networks.scores import binary_losses

LOGITS = torch.randn(30, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
BINARY = (torch.randint(5, (30,), generator=torch.Generator().manual_seed(1)) > 2).double()


def test_binary_cross_entropy_is_torchs_with_weights_too() -> None:
    weight = torch.tensor(7.0, dtype=torch.float64)
    expected = functional.binary_cross_entropy_with_logits(LOGITS, BINARY, pos_weight=weight, reduction="none")
    found = binary_losses.binary_cross_entropy(LOGITS, BINARY, positive_weight=7.0)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
@pytest.mark.parametrize("alpha", [None, 0.25])
def test_focal_is_its_formula_and_its_gradient_is_right(gamma: float, alpha: float | None) -> None:
    z = LOGITS.clone().requires_grad_()
    true = torch.where(BINARY > 0, z.sigmoid(), 1 - z.sigmoid())
    weight = 1.0 if alpha is None else torch.where(BINARY > 0, alpha, 1 - alpha)
    expected = -weight * (1 - true) ** gamma * true.log()
    torch.testing.assert_close(binary_losses.focal(z, BINARY, gamma=gamma, alpha=alpha), expected)
    assert torch.autograd.gradcheck(lambda x: binary_losses.focal(x, BINARY, gamma=gamma, alpha=alpha), z)


def test_focal_refuses_what_has_no_meaning() -> None:
    with pytest.raises(ValueError, match="gamma >= 0"):
        binary_losses.focal(LOGITS, BINARY, gamma=-1)
    with pytest.raises(ValueError, match=r"alpha in \(0, 1\)"):
        binary_losses.focal(LOGITS, BINARY, alpha=1.0)


def test_the_prior_bias_makes_every_probability_the_prior() -> None:
    assert torch.tensor(binary_losses.prior_bias(0.01)).sigmoid().item() == pytest.approx(0.01)


def test_hinge_is_0_beyond_the_margin() -> None:
    assert binary_losses.binary_hinge(torch.tensor([2.0, 0.5, -1.0]), torch.ones(3)).tolist() == [0, 0.5, 2]
