"""Our modules beside torch's with the same weights, and beside counts of others."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from experiments.arch.core.convolutional import ConvolutionalNetwork
from experiments.arch.core.gan import GAN, Discriminator, Generator
from experiments.arch.core.recurrent import Recurrent
from experiments.foundation.architectures.token_transformer import TokenTransformer
from experiments.foundation.architectures.transformer_block import TransformerBlock
from experiments.foundation.architectures.unet import UNet
from experiments.foundation.architectures.vision_transformer import VisionTransformer

TORCHS = {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}


@pytest.mark.parametrize("cell", TORCHS)
@pytest.mark.parametrize("bias", [True, False])
def test_recurrent_networks_are_torchs(cell: str, bias: bool) -> None:
    ours = Recurrent(cell, 5, 7, bias=bias).double()
    torchs = TORCHS[cell](5, 7, bias=bias, batch_first=True).double()
    names = {"input.weight": "weight_ih_l0", "state.weight": "weight_hh_l0"}
    names |= {"input.bias": "bias_ih_l0", "state.bias": "bias_hh_l0"} if bias else {}
    torchs.load_state_dict({name: ours.cell.get_parameter(own) for own, name in names.items()})
    sequences = torch.randn(3, 6, 5, dtype=torch.float64)
    torch.testing.assert_close(ours(sequences), torchs(sequences)[0])


@pytest.mark.parametrize("causal", [True, False])
def test_a_block_is_torchs_pre_norm_encoder_layer(causal: bool) -> None:
    ours = TransformerBlock(12, 3, causal=causal).double()
    torchs = nn.TransformerEncoderLayer(12, 3, 48, 0.0, "gelu", batch_first=True, norm_first=True).double()
    norm, first, _, second = ours.mlp
    pairs = {
        "self_attn.in_proj_": ours.qkv,
        "self_attn.out_proj.": ours.project,
        "norm1.": ours.attention_norm,
        "norm2.": norm,
        "linear1.": first,
        "linear2.": second,
    }
    torchs.load_state_dict({f"{name}{kind}": getattr(ours, kind) for name, ours in pairs.items() for kind in KINDS})
    tokens = torch.randn(2, 5, 12, dtype=torch.float64)
    mask = torch.ones(5, 5, dtype=torch.bool).triu(1) if causal else None
    torch.testing.assert_close(ours(tokens), torchs(tokens, src_mask=mask))


KINDS = ("weight", "bias")


def test_a_causal_transformer_does_not_see_what_comes() -> None:
    network = TokenTransformer(9, context=6, dim=8, depth=2, heads=2)
    tokens = torch.randint(9, (2, 6))
    other = tokens.clone()
    other[:, 4:] = (other[:, 4:] + 1) % 9
    assert torch.equal(network(tokens)[:, :4], network(other)[:, :4])
    assert not torch.equal(network(tokens)[:, 4:], network(other)[:, 4:])


def test_a_class_token_is_read_instead_of_the_mean() -> None:
    network = VisionTransformer((1, 8, 8), 3, 8, 1, 2, patch=4, class_token=True).double()
    images = torch.randn(2, 1, 8, 8, dtype=torch.float64)
    tokens = network.norm(network.blocks(network.tokens(images)))
    assert tokens.shape == (2, 5, 8)
    torch.testing.assert_close(network(images), network.head(tokens[:, 0]))


def test_a_unet_without_skips_sees_only_the_way_up() -> None:
    torch.manual_seed(0)
    network = UNet(1, 2, width=4, depth=2, skips=False)
    images = torch.randn(1, 1, 8, 8)
    bottom = network.bottom(network.pool(network.down[1](network.pool(network.down[0](images)))))
    x = bottom
    for enlarge, convolve in zip(network.enlarge, network.up, strict=True):
        x = enlarge(x)
        x = convolve(torch.cat([torch.zeros_like(x), x], dim=1))
    torch.testing.assert_close(network(images), network.head(x))


def test_a_unet_refuses_sides_that_do_not_fit_in_one_line() -> None:
    with pytest.raises(ValueError, match=r"^expected sides that are multiples of 8, got 12 x 16; pad or crop them$"):
        UNet(1, 1, width=2, depth=3)(torch.zeros(1, 1, 12, 16))


@pytest.mark.parametrize("side", [8, 16, 32])
def test_the_players_of_a_gan_fit_each_other(side: int) -> None:
    images = Generator(5, 2, side=side, width=4)(torch.randn(3, 5))
    assert images.shape == (3, 2, side, side)
    assert images.abs().max() <= 1
    assert Discriminator(2, side=side, width=4)(images).shape == (3,)


def test_a_gan_of_an_odd_side_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected a side of 8, 16, 32, 64, \.\.\., got 28"):
        GAN(5, 1, side=28, width=4)


def test_a_convolutional_network_takes_images_of_any_size() -> None:
    network = ConvolutionalNetwork(3, 7, widths=(4, 8))
    assert network(torch.randn(2, 3, 9, 14)).shape == (2, 7)
