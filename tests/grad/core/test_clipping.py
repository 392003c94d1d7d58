"""Clipping against torch's functions and by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from experiments.grad.core import clipping


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
