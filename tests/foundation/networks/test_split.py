"""Four ways to split labelled images: sizes, scales, disjoint parts, and the numbers that stored results stand on."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from experiments.foundation.datasets.images import load_images
from experiments.foundation.networks.split import (
    Split,
    fill_test,
    flat_split,
    image_split,
    pooled_split,
    whole_split,
)
from experiments.lab.errors import InputError

CPU = torch.device("cpu")


def test_parts_are_disjoint_and_standardized(blobs: Split) -> None:
    assert [len(part) for part in (blobs.train, blobs.validation, blobs.test)] == [120, 60, 60]
    assert blobs.train.inputs.shape == (120, 1, 4, 4)
    assert float(blobs.train.inputs.mean()) == pytest.approx(0, abs=1e-5)
    assert float(blobs.train.inputs.std(correction=0)) == pytest.approx(1, abs=1e-4)
    seen = {tuple(image.flatten().tolist()) for image in blobs.train.inputs}
    assert not any(tuple(image.flatten().tolist()) in seen for image in blobs.validation.inputs)


def test_more_images_than_there_are_is_an_input_error() -> None:
    data = SimpleNamespace(
        train_images=np.zeros((5, 2, 2), np.uint8),
        train_labels=np.zeros(5, int),
        test_images=np.zeros((5, 2, 2), np.uint8),
        test_labels=np.zeros(5, int),
        classes=("0",),
    )
    with pytest.raises(InputError, match="at most 5 images"):
        image_split(data, train=4, validation=2, test=1, seed=0)


def test_pooled_images_are_drawn_anew_from_both_parts_and_flat_in_unit_range() -> None:
    data = load_images("digits", seed=0)
    split = pooled_split(data, train=1000, validation=300, test=497, seed=3)
    rows = torch.cat([part.inputs for part in (split.train, split.validation, split.test)]).mul(16).int()
    everything = np.concatenate([data.train_images, data.test_images]).reshape(-1, 64)
    assert sorted(map(tuple, rows.tolist())) == sorted(map(tuple, everything.tolist()))
    assert (split.features, split.shape, split.classes, split.name) == (64, (1, 8, 8), 10, "digits")
    with pytest.raises(InputError, match="at most 1797 images of digits"):
        pooled_split(data, train=1000, validation=300, test=498, seed=3)


def test_a_flat_split_keeps_the_test_part_and_leaves_the_generator_where_it_ended() -> None:
    data, rng = load_images("digits", seed=0), torch.Generator().manual_seed(5)
    split = flat_split(data, train=100, validation=20, rng=rng)
    other = torch.Generator().manual_seed(5)
    order = torch.randperm(len(data.train_labels), generator=other)
    assert split.validation.labels.tolist() == data.train_labels[order[:20]].tolist()
    assert split.train.labels.tolist() == data.train_labels[order[20:120]].tolist()
    assert torch.equal(split.test.inputs, torch.from_numpy(data.test_images).flatten(1).float() / 16)
    assert torch.equal(torch.rand(3, generator=rng), torch.rand(3, generator=other))


def test_colors_are_averaged_in_flat_splits_and_kept_in_image_splits() -> None:
    images = np.random.default_rng(0).integers(0, 256, (30, 4, 4, 3)).astype(np.uint8)
    labels = np.arange(20) % 2
    data = SimpleNamespace(
        train_images=images[:20], train_labels=labels, test_images=images[20:], test_labels=labels[:10],
        classes=("a", "b"), name="noise", description="noise", max_value=255,
    )  # fmt: skip
    flat = flat_split(data, train=10, validation=5, rng=torch.Generator())
    torch.testing.assert_close(flat.test.inputs, torch.from_numpy(images[20:]).float().mean(3).flatten(1) / 255)
    colored = image_split(data, train=10, validation=5, test=5, seed=0)
    assert (flat.shape, colored.shape) == ((1, 4, 4), (3, 4, 4))
    assert colored.flat.train.inputs.shape == (10, 48)


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_a_whole_split_holds_out_a_share_and_standardizes_by_what_is_left(share: float) -> None:
    data = load_images("digits", seed=0)
    split = whole_split(data, seed=0, validation=share, dtype=torch.float64, device=CPU)
    assert len(split.validation) == round(1437 * share)
    assert len(split.train) + len(split.validation) == 1437
    assert float(split.train.inputs.mean()) == pytest.approx(0, abs=1e-12)
    assert float(split.train.inputs.std(correction=0)) == pytest.approx(1)
    assert torch.equal(split.test.labels, torch.from_numpy(data.test_labels))


def test_spare_training_images_fill_up_the_test_part_and_none_is_lost_or_doubled() -> None:
    data = load_images("digits", seed=0)
    filled = fill_test(data, 900, 1000, seed=0)
    assert (len(filled.train_labels), len(filled.test_labels)) == (900, 897)
    both = [np.concatenate([one.train_images, one.test_images]).reshape(-1, 64) for one in (data, filled)]
    assert sorted(map(tuple, both[0].tolist())) == sorted(map(tuple, both[1].tolist()))
    assert np.array_equal(filled.test_images[:360], data.test_images)
    assert "537 of those for training moved to test" in filled.description


def test_a_test_part_that_is_large_enough_or_training_without_spare_images_stays_as_it_is() -> None:
    data = load_images("digits", seed=0)
    assert fill_test(data, 900, 360, seed=0) is data
    assert fill_test(data, 1437, 1000, seed=0) is data
    assert fill_test(data, 5000, 1000, seed=0) is data
