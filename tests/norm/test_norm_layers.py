"""Normalizations against torch.nn, and residual blocks with the normalization in every place."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from experiments.norm.core import laws
from experiments.norm.core.blocks import Attention, Encoder, deepnorm_constants, feed_forward_gradients
from experiments.norm.core.layers import RunningStatistics, batch_norm, group_norm, layer_norm, rms_norm


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
        theirs.in_proj_weight.copy_(torch.cat([own.query.weight, own.key.weight, own.value.weight]))
        theirs.in_proj_bias.copy_(torch.cat([own.query.bias, own.key.bias, own.value.bias]))
        theirs.out_proj.load_state_dict(own.project.state_dict())
        x = torch.randn(3, 5, 8, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(own(x), theirs(x, x, x, need_weights=False)[0], atol=1e-5, rtol=1e-4)


def test_post_norm_blocks_are_torchs_encoder_layer() -> None:
    encoder = Encoder(layers=1, dim=8, heads=2, placement="post")
    x = torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(1))
    first, second = encoder.sublayers
    middle = nn.functional.layer_norm(x + first.inner(x), (8,))
    expected = nn.functional.layer_norm(middle + second.inner(middle), (8,))
    torch.testing.assert_close(encoder(x), expected)


def test_pre_norm_adds_to_the_stream_and_normalizes_at_the_end() -> None:
    encoder = Encoder(layers=1, dim=8, heads=2, placement="pre", norm="rms")
    x = torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(2))
    first, second = encoder.sublayers
    middle = x + first.inner(rms_norm(x))
    expected = rms_norm(middle + second.inner(rms_norm(middle)))
    torch.testing.assert_close(encoder(x), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("placement", ["none", "post", "pre", "sandwich", "deep"])
def test_every_placement_gives_one_gradient_per_block(placement: str) -> None:
    encoder = Encoder(layers=3, dim=8, heads=2, placement=placement)  # type: ignore[arg-type]
    encoder(torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(3))).square().sum().backward()
    gradients = feed_forward_gradients(encoder)
    assert len(gradients) == 3
    assert min(gradients) > 0
