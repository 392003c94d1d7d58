"""Gradients layer by layer against torch.autograd, the product rule and finite differences."""

from __future__ import annotations

import math

import pytest
import torch
from scipy.special import expit
from torch.nn.functional import cross_entropy

from experiments.grad.core.chains import Chain, derivative, layer_gradients, transformer_gradients, unit_chain


def make_chain(depth: int, activation: str = "sigmoid", init: str = "xavier", arm: str = "plain") -> Chain:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Chain(depth=depth, width=16, classes=4, activation=activation, init=init, arm=arm)  # type: ignore[arg-type]


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(1)
    return torch.randn(8, 16, generator=rng), torch.randint(4, (8,), generator=rng)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_derivatives_are_autograds(activation: str) -> None:
    z = torch.linspace(-5, 5, 20, dtype=torch.float64, requires_grad=True)
    (expected,) = torch.autograd.grad(getattr(torch, activation)(z).sum(), z)
    torch.testing.assert_close(derivative(activation, z.detach()), expected)  # type: ignore[arg-type]


def test_the_sigmoids_derivative_is_positive_where_one_minus_sigmoid_rounds_to_zero() -> None:
    z = torch.tensor([60.0], dtype=torch.float64)
    assert expit(60.0) * (1 - expit(60.0)) == 0
    assert float(derivative("sigmoid", z)) == pytest.approx(math.exp(-60), rel=1e-12)


@pytest.mark.parametrize("arm", ["plain", "batch_norm", "residual"])
def test_weight_gradients_are_autograds(arm: str) -> None:
    chain, (x, y) = make_chain(3, arm=arm), batch()
    found = [row.gradient_norm for row in layer_gradients(chain, x, y)]
    expected = torch.autograd.grad(cross_entropy(chain(x.double()), y), [layer.weight for layer in chain.layers])
    assert found == pytest.approx([float(gradient.norm()) for gradient in expected], rel=1e-10)


def test_the_factor_of_a_layer_is_close_to_gain_times_derivative() -> None:
    rows = layer_gradients(make_chain(8), *batch())
    for row in rows[1:-1]:
        assert row.factor == pytest.approx(row.predicted_factor, rel=0.5)
        assert row.factor == pytest.approx(row.signal_norm / rows[row.layer].signal_norm)
        assert row.mean_derivative < 0.25


def test_the_chain_of_one_unit_is_the_product_of_its_derivatives() -> None:
    assert unit_chain(8.0, -4.0, 0.5, 10) == (1024.0, 1024.0)
    step = 1e-6

    def output(a: float) -> float:
        for _ in range(4):
            a = float(expit(3 * a - 1))
        return a

    numeric = (output(0.3 + step) - output(0.3 - step)) / (2 * step)
    assert unit_chain(3.0, -1.0, 0.3, 4)[0] == pytest.approx(abs(numeric), rel=1e-8)


def test_a_chain_needs_a_layer() -> None:
    with pytest.raises(ValueError, match="expected at least one layer"):
        make_chain(0)


def test_a_pre_norm_transformer_keeps_its_gradient() -> None:
    norms = transformer_gradients(6, 16, 4, seed=0)
    assert len(norms) == 6
    assert norms[0] > 0.1 * norms[-1]
