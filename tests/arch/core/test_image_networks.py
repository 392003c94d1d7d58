"""Six networks of one size, and the order of pixels and patches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from experiments.arch.core.image_networks import network, parameters, patch_order, pixel_order, reordered

NAMES = ("MLP", "CNN", "ViT", "RNN", "GRU", "LSTM")


@pytest.mark.parametrize("shape", [(1, 28, 28), (1, 8, 8)])
def test_all_networks_have_the_vits_size_within_5_percent(shape: tuple[int, int, int]) -> None:
    sizes = [parameters(network(name, shape, 10, dim=32, depth=2)) for name in NAMES]
    wanted = sizes[NAMES.index("ViT")]
    assert all(abs(size / wanted - 1) < 0.05 for size in sizes)


@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
def test_a_row_reader_is_torchs_recurrent_network_over_the_rows(cell: str) -> None:
    ours = network(cell, (1, 8, 8), 10, dim=16, depth=1)
    torchs = getattr(torch.nn, cell)(8, ours.head.in_features, batch_first=True)
    names = ("weight_ih_l0", "bias_ih_l0", "weight_hh_l0", "bias_hh_l0")
    torchs.load_state_dict(dict(zip(names, ours.body.parameters(), strict=True)))
    images = torch.randn(3, 1, 8, 8)
    torch.testing.assert_close(ours(images), ours.head(torchs(images[:, 0])[0][:, -1]))


def test_patches_move_whole_and_every_pixel_stays_once() -> None:
    images = torch.arange(64.0).view(1, 1, 8, 8)
    patches, places = patch_order((1, 8, 8), torch.Generator().manual_seed(1))
    moved = reordered(images, places)[0, 0].numpy()
    cut = images[0, 0].numpy().reshape(4, 2, 4, 2).swapaxes(1, 2).reshape(16, 2, 2)  # patches of 2 x 2
    expected = cut[patches.numpy()].reshape(4, 4, 2, 2).swapaxes(1, 2).reshape(8, 8)
    np.testing.assert_array_equal(moved, expected)
    assert sorted(pixel_order((1, 8, 8), torch.Generator().manual_seed(1)).tolist()) == list(range(64))
