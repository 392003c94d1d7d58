"""Normalizations against torch.nn, and residual blocks with the normalization in every place."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from experiments.foundation.architectures.attention import attention
from experiments.foundation.architectures.transformer import (
    Attention,
    Dense,
    Encoder,
    Norm,
    deepnorm_constants,
    feed_forward_gradients,
    gradient_norms,
    joined,
)
from experiments.norm.core.layers import RunningStatistics, batch_norm, group_norm, layer_norm, rms_norm
from experiments.norm.types import laws


def tensor(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 3 + 1


@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_layer_and_rms_norm_are_torchs(eps: float) -> None:
    x = tensor(5, 7)
    torch.testing.assert_close(layer_norm(x, eps), nn.LayerNorm(7, eps=eps, dtype=torch.float64)(x).detach())
    torch.testing.assert_close(rms_norm(x, eps), nn.RMSNorm(7, eps=eps, dtype=torch.float64)(x).detach())


def test_group_norm_is_torchs_and_needs_groups_that_divide() -> None:
    x = tensor(3, 6, 4, 4)
    torch.testing.assert_close(group_norm(x, 3), nn.functional.group_norm(x, 3))
    with pytest.raises(ValueError, match="divides 6 channels, got 4"):
        group_norm(x, 4)


def test_batch_norm_and_its_running_statistics_are_torchs() -> None:
    own, theirs = RunningStatistics.initial(4, torch.float64), nn.BatchNorm1d(4, dtype=torch.float64)
    for seed in range(3):
        x = tensor(6, 4, seed=seed)
        torch.testing.assert_close(batch_norm(x, own, training=True), theirs(x).detach())
    theirs.eval()
    torch.testing.assert_close(batch_norm(x[:1], own, training=False), theirs(x[:1]).detach())
    with pytest.raises(ValueError, match="at least two examples"):
        batch_norm(x[:1], own, training=True)


def test_layer_norm_is_invariant_to_shift_and_scale_and_rms_norm_to_scale_alone() -> None:
    errors = {trial.case: trial.error for trial in laws.invariance_trials(tensor(4, 16), 3.0, 4.0)}
    assert max(errors[case] for case in ("layer, shift", "layer, scale", "rms, scale")) < 1e-12
    assert errors["rms, shift"] > 0.1


def test_the_bound_of_deepnorm_is_one_at_every_depth() -> None:
    assert deepnorm_constants(2) == (4**0.25, 16**-0.25)
    assert max(trial.error for trial in laws.deepnorm_trials(50)) < 1e-12
    with pytest.raises(ValueError, match="at least one layer"):
        deepnorm_constants(0)


def test_attention_is_torchs() -> None:
    own, theirs = Attention(8, 2), nn.MultiheadAttention(8, 2, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(own.query_key_value.weight[0])
        theirs.in_proj_bias.copy_(own.query_key_value.bias[0, 0])
        theirs.out_proj.weight.copy_(own.project.weight[0])
        theirs.out_proj.bias.copy_(own.project.bias[0, 0])
        x = torch.randn(3, 5, 8, generator=torch.Generator().manual_seed(0))
        expected = theirs(x, x, x, need_weights=False)[0]
        torch.testing.assert_close(own(x.unsqueeze(0))[0], expected, atol=1e-5, rtol=1e-4)


def test_the_derivative_of_attention_is_torchs_and_stays_finite_at_large_scores() -> None:
    projected = tensor(3, 5, 24).requires_grad_()
    query, key, value = (part.view(3, 5, 2, 4).transpose(1, 2) for part in projected.chunk(3, dim=2))
    expected = nn.functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(3, 5, 8)
    found, weight = attention(projected, 2), tensor(3, 5, 8, seed=1)
    torch.testing.assert_close(found, expected)
    derivatives = [torch.autograd.grad(output, projected, weight, retain_graph=True)[0] for output in (found, expected)]
    torch.testing.assert_close(*derivatives)
    assert attention(1000 * projected, 2).isfinite().all()


@pytest.mark.parametrize("placement", ["none", "post", "pre", "sandwich", "deep"])
@pytest.mark.parametrize("norm", ["layer", "rms"])
def test_joined_encoders_compute_what_each_computes_alone(placement: str, norm: str) -> None:
    alone = [
        Encoder(layers=2, dim=8, heads=2, placement=placement, norm=norm).double()  # type: ignore[arg-type]
        for _ in range(3)
    ]
    x, weight = tensor(2, 3, 8, seed=4), tensor(2, 3, 8, seed=5)
    together = joined(copy.deepcopy(alone))
    found = together(x.expand(3, -1, -1, -1))
    (found * weight).sum().backward()  # squares of what is normalized hardly have a gradient
    for member, encoder in enumerate(alone):
        expected = encoder(x)
        torch.testing.assert_close(found[member], expected)
        (expected * weight).sum().backward()
        norms = gradient_norms(together)[:, member].tolist()
        assert norms == pytest.approx(feed_forward_gradients(encoder), rel=1e-4)
    with pytest.raises(ValueError, match="at least one network"):
        joined([])


def test_dense_and_norm_start_as_torchs_layers() -> None:
    torch.manual_seed(0)
    own = Dense(5, 3)
    torch.manual_seed(0)
    theirs, x = nn.Linear(5, 3), tensor(2, 4, 5).float()
    torch.testing.assert_close(own(x.unsqueeze(0))[0], theirs(x))
    with torch.no_grad():
        torch.testing.assert_close(Norm("layer", 5)(x.unsqueeze(0))[0], nn.LayerNorm(5)(x))
        torch.testing.assert_close(Norm("rms", 5)(x.unsqueeze(0))[0], nn.RMSNorm(5, eps=1e-5)(x))


def test_post_norm_blocks_are_torchs_encoder_layer() -> None:
    encoder = Encoder(layers=1, dim=8, heads=2, placement="post")
    x = torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(1))
    first, second = encoder.sublayers
    members = x.unsqueeze(0)
    middle = nn.functional.layer_norm(members + first.inner(members), (8,))
    expected = nn.functional.layer_norm(middle + second.inner(middle), (8,))
    torch.testing.assert_close(encoder(x), expected[0])


def test_pre_norm_adds_to_the_stream_and_normalizes_at_the_end() -> None:
    encoder = Encoder(layers=1, dim=8, heads=2, placement="pre", norm="rms")
    x = torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(2))
    first, second = encoder.sublayers
    members = x.unsqueeze(0)
    middle = members + first.inner(rms_norm(members))
    expected = rms_norm(middle + second.inner(rms_norm(middle)))
    torch.testing.assert_close(encoder(x), expected[0], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("placement", ["none", "post", "pre", "sandwich", "deep"])
def test_every_placement_gives_one_gradient_per_block(placement: str) -> None:
    encoder = Encoder(layers=3, dim=8, heads=2, placement=placement)  # type: ignore[arg-type]
    encoder(torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(3))).square().sum().backward()
    gradients = feed_forward_gradients(encoder)
    assert len(gradients) == 3
    assert min(gradients) > 0
