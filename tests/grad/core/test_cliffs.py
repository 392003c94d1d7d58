"""Descent on walls."""

from __future__ import annotations

import torch

from experiments.grad.core.cliffs import descend_network, descend_unit, steepest_start, unit_loss


def test_the_wall_is_steep_and_plain_descent_falls_off_it() -> None:
    weight, bias = steepest_start(-3.0, [4.5, 5.0, 5.5, 6.0])
    point = torch.tensor([weight, bias], dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(unit_loss, (point,))
    clipped = descend_unit((weight, bias), 0.1, 3, 1.0)
    lengths = torch.tensor(clipped.points).diff(dim=0).norm(dim=1)
    assert float(lengths.max()) <= 0.1 + 1e-12
    assert clipped.largest_rise >= 0 or min(clipped.losses) < clipped.losses[0]


def test_a_network_with_gain_above_one_diverges_unless_it_is_clipped() -> None:
    runs = [
        descend_network(gain=1.2, length=30, width=8, lr=0.01, steps=10, limit=limit, seed=0) for limit in (None, 1.0)
    ]
    assert [run.diverged for run in runs] == [True, False]
    assert runs[0].largest_gradient > 1e3
