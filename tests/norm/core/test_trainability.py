"""Transformers with the normalization in every place: their gradients at the start, and their trainings."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from torch.nn.functional import cross_entropy

from experiments.foundation.architectures.transformer import feed_forward_gradients
from experiments.foundation.networks.budget import Budget
from experiments.foundation.networks.side_by_side import Rate
from experiments.foundation.networks.split import Split, image_split
from experiments.foundation.networks.timing import reproducible
from experiments.norm.core.trainability import (
    Architecture,
    depth_exponent,
    measure_start,
    place_and_train,
    row_classifier,
)

POST = Architecture(dim=8, heads=2, placement="post")


@pytest.fixture(scope="module")
def stripes() -> Split:
    """Images of 4 x 4 whose brightest row tells the class."""
    rng, labels = np.random.default_rng(0), np.arange(300) % 4
    images = rng.integers(0, 80, (300, 4, 4)).astype(np.uint8)
    images[np.arange(300), labels] += 120
    data = SimpleNamespace(
        train_images=images[:200],
        train_labels=labels[:200],
        test_images=images[200:],
        test_labels=labels[200:],
        classes=("0", "1", "2", "3"),
        name="stripes",
        description="four rows",
    )
    return image_split(data, train=120, validation=80, test=100, seed=0)


def test_gradients_of_one_draw_are_those_of_its_network(stripes: Split) -> None:
    start = measure_start(stripes, 3, POST, draws=1, seed=5)
    with reproducible(5):
        network = row_classifier(stripes, 3, POST).double()
    cross_entropy(network(stripes.train.inputs[:64].double())[0], stripes.train.labels[:64]).backward()
    assert start.gradient_norms == pytest.approx(feed_forward_gradients(network.encoder), rel=1e-6)


def test_the_stream_has_unit_size_behind_post_norm_only(stripes: Split) -> None:
    sizes = {
        placement: measure_start(stripes, 8, replace(POST, placement=placement), draws=2, seed=0).stream_rms  # type: ignore[arg-type]
        for placement in ("post", "deep", "pre", "sandwich")
    }
    assert sizes["post"] == pytest.approx(1, abs=1e-3)
    assert sizes["deep"] == pytest.approx(1, abs=1e-3)
    assert min(sizes["pre"], sizes["sandwich"]) > 2


def test_the_exponent_of_a_power_is_found() -> None:
    assert depth_exponent((2, 4, 8), [3 * depth**-0.5 for depth in (2, 4, 8)]) == pytest.approx(-0.5)
    assert np.isnan(depth_exponent((4,), [1.0]))


def test_every_rate_starts_from_the_same_weights_and_learns(stripes: Split) -> None:
    budget = Budget(steps=80, batch_size=20, optimizer="adam")
    rates = [Rate(0.01), Rate(0.01), Rate(0.01, warmup=40), Rate(0.0001)]
    first, second, warm, slow = place_and_train(stripes, 2, POST, budget, rates, seed=1)
    assert first.fit.losses == pytest.approx(second.fit.losses, abs=1e-6)
    assert first.fit.losses[0] == pytest.approx(slow.fit.losses[0], abs=1e-6)
    assert warm.fit.losses[1] != first.fit.losses[1]
    assert first.fit.test_accuracy > 0.9 > slow.fit.test_accuracy
    assert first.weight_growth > slow.weight_growth > 0.99
