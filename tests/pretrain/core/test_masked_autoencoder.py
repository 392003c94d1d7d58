"""Patches against a convolution of torch, losses against torch on what is masked, codes against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import label
from sklearn.cluster import KMeans

from experiments.foundation.architectures.vision_transformer import VisionTransformer
from experiments.pretrain.core.masked_autoencoder import (
    MaskedAutoencoder,
    block_masks,
    code_loss,
    masked_patches,
    patches_of,
    pixel_loss,
    random_masks,
)
from experiments.pretrain.core.objectives import codebook_of, codes_of, remove_noise


def encoder() -> VisionTransformer:
    torch.manual_seed(0)
    return VisionTransformer((1, 8, 8), 10, dim=8, depth=2, heads=2)


def test_patches_are_what_the_encoder_embeds_and_in_its_order() -> None:
    images, embed = torch.randn(3, 1, 8, 8), encoder().embed
    by_patch = patches_of(images, 2) @ embed.weight.flatten(1).T + embed.bias
    torch.testing.assert_close(by_patch, embed(images).flatten(2).transpose(1, 2))


def test_without_masks_the_encoder_is_the_classifiers() -> None:
    network, images = encoder(), torch.randn(3, 1, 8, 8)
    model = MaskedAutoencoder(network, 4, heads=2)
    tokens = model.encode(images, torch.zeros(3, 16, dtype=torch.bool))
    torch.testing.assert_close(network.head(tokens.mean(1)), network(images))


def test_the_decoder_knows_where_each_visible_token_belongs() -> None:
    model = MaskedAutoencoder(encoder(), 4, heads=2)
    masked = random_masks(5, 16, 10)
    seen = model.encode(torch.randn(5, 1, 8, 8), masked)
    placed = torch.zeros(5, 16, 8)
    placed[~masked] = seen.flatten(0, 1)
    for image in range(5):
        torch.testing.assert_close(placed[image, ~masked[image]], seen[image])


def test_masks_hide_every_patch_equally_often() -> None:
    torch.manual_seed(0)
    masked = random_masks(20_000, 16, 10)
    assert set(masked.sum(1).tolist()) == {10}
    assert (masked.double().mean(0) - 10 / 16).abs().max() < 0.02  # 6 standard errors of 0.0034


def test_a_block_is_what_lies_nearest_to_its_middle() -> None:
    torch.manual_seed(0)
    masked = block_masks(200, 4, 6, 9).view(-1, 4, 6)
    assert masked.sum((1, 2)).unique().tolist() == [9]
    for one in masked:
        assert label(one.numpy(), structure=np.ones((3, 3)))[1] == 1
    assert masked.any(0).all()


@pytest.mark.parametrize(("share", "count"), [(0.01, 1), (0.15, 2), (0.5, 8), (0.999, 15)])
def test_something_is_masked_and_something_seen(share: float, count: int) -> None:
    assert masked_patches(share, 16) == count


def test_losses_are_torchs_on_the_masked_patches() -> None:
    masked = random_masks(4, 16, 5)
    predicted, patches = torch.randn(4, 16, 9), torch.randn(4, 16, 9)
    squares = torch.where(masked[..., None], (predicted - patches).square(), 0.0)
    torch.testing.assert_close(pixel_loss(predicted, patches, masked), squares.sum() / (masked.sum() * 9))
    codes = torch.randint(9, (4, 16))
    ignored = torch.where(masked, codes, -100)  # torch's own way to leave out targets
    expected = torch.nn.functional.cross_entropy(predicted.flatten(0, 1), ignored.flatten())
    torch.testing.assert_close(code_loss(predicted, codes, masked), expected)


def test_codes_are_the_clusters_of_scikit_learn() -> None:
    images = torch.randn(40, 1, 8, 8)
    patches = patches_of(images, 2).flatten(0, 1).numpy()
    expected = KMeans(6, n_init=1, random_state=3).fit(patches).predict(patches)
    assert codes_of(images, codebook_of(images, 2, 6, seed=3), 2).flatten().tolist() == expected.tolist()


def test_noise_is_removed_from_every_patch() -> None:
    model, images = MaskedAutoencoder(encoder(), 4, heads=2), torch.randn(4, 1, 8, 8)
    remove_noise(2)(model, images).backward()  # type: ignore[no-untyped-call]
    assert model.mask_token.grad is None or not model.mask_token.grad.any()


def test_an_encoder_without_positions_is_refused() -> None:
    with pytest.raises(ValueError, match="with positions and without a class token"):
        MaskedAutoencoder(VisionTransformer((1, 8, 8), 10, dim=8, depth=1, heads=2, positions=False), 4, heads=2)
