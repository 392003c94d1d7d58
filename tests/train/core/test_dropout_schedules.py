"""Dropout against its law and against torch's layer; schedules and gradient directions by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from experiments.foundation.networks.batches import shuffled_batches
from experiments.foundation.networks.scores.evaluation import mean_loss
from experiments.foundation.networks.split import Examples
from experiments.train.core import dropout_schedules as schedules
from experiments.train.core.dropout_schedules import dropout_loss_exactly, dropout_penalty
from experiments.train.core.perceptron import perceptron


@pytest.mark.parametrize("p", [0.0, 0.3, 0.9])
def test_dropout_keeps_the_mean_and_rescales_survivors(p: float) -> None:
    dropped = schedules.inverted_dropout(torch.ones(100_000), p, torch.Generator().manual_seed(0))
    assert dropped.mean().item() == pytest.approx(1, abs=5 * (p / (1 - p) / 100_000) ** 0.5 + 1e-6)
    torch.testing.assert_close(dropped[dropped != 0].unique(), torch.tensor([1 / (1 - p)]))


def test_survivors_are_those_of_torch() -> None:
    torch.manual_seed(0)
    theirs = nn.Dropout(0.25)(torch.ones(1000)).unique()
    ours = schedules.inverted_dropout(torch.ones(1000), 0.25, torch.Generator().manual_seed(0)).unique()
    torch.testing.assert_close(ours, theirs)


def test_early_and_late_dropout_meet_at_the_cutoff() -> None:
    assert [schedules.rate_at("early", t, 0.2, 0.5) for t in (0, 0.49, 0.5)] == [0.2, 0.2, 0]
    assert [schedules.rate_at("late", t, 0.2, 0.5) for t in (0, 0.49, 0.5)] == [0, 0, 0.2]


def test_equal_batches_agree_in_direction() -> None:
    network = perceptron((3, 4, 2))
    examples = Examples(torch.ones(5, 3), torch.zeros(5).long())
    assert schedules.direction_variance(network, examples, 2, draws=4) == pytest.approx(0, abs=1e-6)


def test_without_dropout_early_and_none_are_one_training() -> None:
    examples = Examples(torch.rand(40, 6, generator=torch.Generator().manual_seed(0)), torch.arange(40) % 3)

    def train_loss(mode: str, p: float) -> float:
        torch.manual_seed(0)
        network = perceptron((6, 8, 3), dropout=p)
        batches = list(shuffled_batches(40, 10, 12, torch.Generator().manual_seed(0)))
        schedules.train_scheduled(network, examples, batches, mode=mode, p=p, cutoff=0.5, lr=0.01)
        return mean_loss(network, examples)

    none, late, early = train_loss("none", 0.5), train_loss("late", 1e-12), train_loss("early", 0.5)
    assert late == pytest.approx(none, abs=1e-6)
    assert early != none


def test_a_training_that_diverges_before_the_middle_has_no_variance() -> None:
    examples = Examples(torch.full((8, 3), torch.inf), torch.arange(8) % 2)
    batches = [torch.arange(8)] * 9
    variance = schedules.train_scheduled(
        perceptron((3, 4, 2)), examples, batches, mode="none", p=0.1, cutoff=0.9, lr=0.01
    )
    assert math.isnan(variance)


def test_dropout_of_a_linear_model_is_an_adaptive_l2_penalty_in_the_mean() -> None:
    rng = torch.Generator().manual_seed(0)
    x, y, w = (torch.randn(*shape, generator=rng, dtype=torch.float64) for shape in ((8, 3), (8,), (3,)))
    x = x * torch.tensor([1.0, 5.0, 0.1])
    adaptive, plain = dropout_penalty(x, w, 0.4)
    expected = dropout_loss_exactly(x, y, w, 0.4) - (x @ w - y).square().mean()
    assert float(adaptive) == pytest.approx(float(expected))
    assert float(plain) != pytest.approx(float(expected), rel=0.01)


def test_one_mask_of_one_weight_by_hand() -> None:
    one = torch.ones(1, dtype=torch.float64)
    # the prediction is 0 or 2, each with probability 1/2; the target is 1
    assert float(dropout_loss_exactly(one[None], one, one, 0.5)) == 1
