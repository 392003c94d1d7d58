"""Normalization uses training images alone; orders are permutations; optimizers are torch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from experiments.foundation.networks.batches import Normalization, epoch_order, held_out, pick, shifted
from experiments.foundation.networks.optimizers import build_optimizer

CPU = torch.device("cpu")


def pixels(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("shape", [(20, 6, 5), (20, 6, 5, 3)])
def test_training_images_become_standardized_per_channel(shape: tuple[int, ...]) -> None:
    images = pixels(*shape)
    inputs = Normalization.fit(images).apply(images, torch.float64, CPU)
    assert inputs.shape == (20, 3 if len(shape) == 4 else 1, 6, 5)
    torch.testing.assert_close(inputs.mean((0, 2, 3)), torch.zeros(inputs.shape[1]).double(), atol=1e-12, rtol=0)
    torch.testing.assert_close(inputs.std((0, 2, 3), correction=0), torch.ones(inputs.shape[1]).double())


def test_other_images_are_moved_by_the_training_statistics() -> None:
    normalization = Normalization.fit(np.array([0, 255], dtype=np.uint8).reshape(2, 1, 1))
    inputs = normalization.apply(np.full((1, 1, 1), 255, dtype=np.uint8), torch.float32, CPU)
    assert inputs.item() == pytest.approx((1 - 0.5) / 0.5)


def test_constant_channel_is_not_divided_by_zero() -> None:
    images = np.full((3, 2, 2), 7, dtype=np.uint8)
    inputs = Normalization.fit(images).apply(images, torch.float32, CPU)
    torch.testing.assert_close(inputs, torch.zeros(3, 1, 2, 2))


def test_held_out_images_are_disjoint_and_complete() -> None:
    kept, held = held_out(100, 0.1, seed=3)
    assert len(held) == 10
    assert sorted([*kept, *held]) == list(range(100))
    assert not np.array_equal(held, held_out(100, 0.1, seed=4)[1])
    assert len(held_out(100, 0.0, seed=3)[1]) == 0


def test_epoch_order_is_a_permutation_of_its_own_per_epoch_and_seed() -> None:
    order = epoch_order(50, seed=1, epoch=2)
    assert sorted(order.tolist()) == list(range(50))
    assert torch.equal(order, epoch_order(50, seed=1, epoch=2))
    assert not torch.equal(order, epoch_order(50, seed=1, epoch=3))
    assert not torch.equal(order, epoch_order(50, seed=2, epoch=2))


def test_picking_keeps_channels_last_memory() -> None:
    inputs = Normalization.fit(pixels(9, 4, 4, 3)).apply(pixels(9, 4, 4, 3), torch.float32, CPU)
    chosen = pick(inputs, torch.tensor([4, 0, 4]))
    assert chosen.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(chosen, inputs[[4, 0, 4]])


def test_quarters_are_moved_as_one_and_by_no_more_than_asked() -> None:
    torch.manual_seed(0)
    image = torch.arange(36.0).reshape(1, 1, 6, 6)
    moved = shifted(image.repeat(8, 1, 1, 1), 1)
    wide = torch.nn.functional.pad(image, (1, 1, 1, 1), mode="replicate")[0, 0]
    windows = [wide[top : top + 6, left : left + 6] for top in range(3) for left in range(3)]
    for first, second in moved.reshape(4, 2, 6, 6):
        assert torch.equal(first, second)
        assert any(torch.equal(first, window) for window in windows)
    assert len({tuple(part.flatten().tolist()) for part in moved}) > 1


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "rmsprop", "adagrad", "adadelta"])
def test_fused_optimizer_steps_like_the_plain_one(name: str) -> None:
    plain = {
        "sgd": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
        "adam": lambda p: torch.optim.Adam(p, 0.1, weight_decay=0.01),
        "adamw": lambda p: torch.optim.AdamW(p, 0.1, weight_decay=0.01),
        "rmsprop": lambda p: torch.optim.RMSprop(p, 0.1, weight_decay=0.01),
        "adagrad": lambda p: torch.optim.Adagrad(p, 0.1, weight_decay=0.01),
        "adadelta": lambda p: torch.optim.Adadelta(p, 0.1, weight_decay=0.01),
    }[name]
    start = torch.randn(10, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ours, theirs = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    optimizers = build_optimizer(name, [ours], lr=0.1, weight_decay=0.01), plain([theirs])  # type: ignore[arg-type]
    for _ in range(5):
        for parameter, optimizer in zip((ours, theirs), optimizers, strict=True):
            optimizer.zero_grad()
            parameter.pow(4).sum().backward()
            optimizer.step()
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)
