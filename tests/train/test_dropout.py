"""Dropout against its law and against torch's layer; schedules and gradient directions by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from experiments.train.core import dropout_schedules as schedules
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
    data = torch.ones(5, 3), torch.zeros(5).long()
    assert schedules.direction_variance(network, data, 2, draws=4) == pytest.approx(0, abs=1e-6)


def test_without_dropout_early_and_none_are_one_training() -> None:
    data = torch.rand(40, 6, generator=torch.Generator().manual_seed(0)), torch.arange(40) % 3
    chosen = {"cutoff": 0.5, "lr": 0.01, "batch_size": 10, "steps": 12, "seed": 0}
    none, late, early = (
        schedules.train_scheduled(mode, (6, 8, 3), data, data, p=p, **chosen)
        for mode, p in (("none", 0.5), ("late", 1e-12), ("early", 0.5))
    )
    assert late.train_loss == pytest.approx(none.train_loss, abs=1e-6)
    assert early.train_loss != none.train_loss
