"""train.regularization: remedies against what they must do, and the choice of strength and stop."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from experiments.foundation.networks.scores.evaluation import network_accuracy
from experiments.foundation.networks.split import Examples, Split
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.train.regularization import fitting, remedies, small_models, underfitting
from experiments.train.regularization.remedies import STOPPED, TO_THE_END, RemedyRow
from experiments.train.regularization.setup import Params, prepare


def unit_vectors() -> Split:
    """Ten classes, each three times one unit vector, in every part."""
    part = Examples(torch.eye(10).repeat(3, 1), torch.arange(10).repeat(3))
    return Split(train=part, validation=part, test=part, shape=(1, 1, 10), classes=10, name="units", description="")


def last(remedy: str, strength: float, updates: int = 150) -> nn.Sequential:
    *_, (_, network) = fitting.fit_with(remedy, strength, unit_vectors(), width=16, updates=updates, seed=0)
    return network


@pytest.mark.parametrize("remedy", ["l1", "l2"])
def test_a_strong_penalty_keeps_a_network_from_learning(remedy: str) -> None:
    assert network_accuracy(last("none", fitting.LR), unit_vectors().train) == 1
    assert network_accuracy(last(remedy, 100.0), unit_vectors().train) < 0.5


def test_a_width_is_the_strength_of_a_smaller_network() -> None:
    network = last("small", 4.0, updates=1)
    assert [layer.out_features for layer in network if isinstance(layer, nn.Linear)] == [4, 10]


def test_losses_of_one_network_differ_under_dropout_alone() -> None:
    _, row = small_models.run_penalty(prepare(Params(), 0))
    assert row.case == small_models.NETWORK
    assert row.error > 0.01


def test_edges_are_differences_of_neighboring_pixels() -> None:
    part = Examples(torch.tensor([[0.0, 1.0, 5.0, 5.0]]), torch.tensor([0]))
    assert underfitting.with_edges(part, (1, 2, 2)).inputs.tolist() == [[0, 1, 5, 5, 5, 4, 1, 0]]


def rows_of(remedy: str, accuracies: dict[float, tuple[float, float, float]]) -> list[RemedyRow]:
    """Three seeds, accuracies by strength after 1, 2 and 3 updates."""
    return [
        RemedyRow(
            seed=seed,
            dataset="digits",
            remedy=remedy,
            strength=strength,
            place=list(accuracies).index(strength),
            updates=updates,
            train_accuracy=1.0,
            validation_accuracy=accuracy,
            test_accuracy=accuracy + seed / 1000,
        )
        for strength, of in accuracies.items()
        for updates, accuracy in enumerate(of, start=1)
        for seed in range(3)
    ]


NONE = rows_of("none", {1e-3: (0.1, 0.1, 0.1), 1e-2: (0.1, 0.5, 0.3), 1e-1: (0.1, 0.1, 0.1)})


def test_both_arms_stop_where_validation_says_or_neither_does() -> None:
    rows = NONE + rows_of("l2", {0.1: (0.1, 0.2, 0.2), 1.0: (0.1, 0.6, 0.4), 10.0: (0.1, 0.1, 0.1)})
    found = remedies.helps("l2")(rows)
    assert found[STOPPED] == Pairs({0: 0.6, 1: 0.601, 2: 0.602}, {0: 0.5, 1: 0.501, 2: 0.502})
    assert found[TO_THE_END] == Pairs({0: 0.4, 1: 0.401, 2: 0.402}, {0: 0.3, 1: 0.301, 2: 0.302})
    assert remedies.stopping_helps(rows) == Pairs(found[STOPPED].baseline, found[TO_THE_END].baseline)


@pytest.mark.parametrize(
    ("strengths", "reason"),
    [
        ({0.1: (0.1, 0.6, 0.1), 1.0: (0.1, 0.2, 0.1)}, None),
        ({0.1: (0.1, 0.2, 0.1), 1.0: (0.1, 0.6, 0.1)}, "the best place in the grid of l2, 1, is the largest"),
        (
            {0.1: (0.1, 0.2, 0.6), 1.0: (0.1, 0.2, 0.1)},
            "the best number of updates of l2, 3, is the largest",
        ),
    ],
)
def test_beyond_the_mild_end_lies_no_remedy_and_beyond_the_strong_end_the_unknown(
    strengths: dict[float, tuple[float, float, float]], reason: str | None
) -> None:
    found = remedies.helps("l2")(NONE + rows_of("l2", strengths))[STOPPED]
    assert isinstance(found, Undecided if reason else Pairs)
    assert not isinstance(found, Undecided) or found.reason.startswith(str(reason))
