"""Clipping against torch's functions and by hand; descent on walls."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from experiments.grad.core import clipping
from experiments.grad.core.cliffs import descend_network, descend_unit, steepest_start, unit_loss


def random_gradients(seed: int) -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=rng, dtype=torch.float64) for shape in ((3, 2), (4,))]


@pytest.mark.parametrize("norm_type", [1.0, 2.0, float("inf")])
@pytest.mark.parametrize("limit", [0.3, 100.0])
def test_clipping_by_norm_is_torchs(norm_type: float, limit: float) -> None:
    gradients = random_gradients(0)
    parameters = [nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient.clone()
    returned = nn.utils.clip_grad_norm_(parameters, limit, norm_type=norm_type)
    assert clipping.total_norm(gradients, norm_type) == pytest.approx(float(returned), rel=1e-14)
    for own, parameter in zip(clipping.clip_by_norm(gradients, limit, norm_type), parameters, strict=True):
        torch.testing.assert_close(own, parameter.grad, rtol=1e-14, atol=0)


def test_the_gradient_30_40_clipped_to_norm_one_is_six_and_eight_tenths() -> None:
    (clipped,) = clipping.clip_by_norm([torch.tensor([30.0, 40.0])], 1.0)
    torch.testing.assert_close(clipped, torch.tensor([0.6, 0.8]))
    (clamped,) = clipping.clip_by_value([torch.tensor([30.0, -0.5])], 1.0)
    assert clamped.tolist() == [1.0, -0.5]


@pytest.mark.parametrize("limit", [0.0, -1.0, float("inf"), float("nan")])
def test_a_limit_must_be_positive_and_finite(limit: float) -> None:
    with pytest.raises(ValueError, match="expected a positive, finite limit"):
        clipping.clip_by_norm(random_gradients(1), limit)


def test_statements_hold_and_their_controls_fail() -> None:
    rng = torch.Generator().manual_seed(2)
    trials = [*clipping.norm_trials(rng, 1.0), *clipping.place_trials(rng, 1.0), clipping.value_trial(rng, 1.0)]
    assert max(trial.error for trial in trials) < 1e-6
    assert min(trial.control_error for trial in trials) > 1e-3


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
