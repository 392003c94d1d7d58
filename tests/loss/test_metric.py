"""Laws of loss.metric, and its claims on rows with a known answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from experiments.lab.experiment import Rows
from experiments.lab.judge.judge import judge
from experiments.loss.metric import EXPERIMENT, laws, losses, trajectories
from experiments.loss.metric.losses import LossRow
from experiments.loss.metric.setup import NetworkRow, Params, accuracy, prepare
from experiments.loss.metric.trajectories import TrajectoryRow


def test_softmax_regression_is_convex_and_a_hidden_layer_is_not() -> None:
    rng = torch.Generator().manual_seed(0)
    smallest, largest = laws.extreme_curvatures("ce", rng)
    assert smallest > -1e-12
    assert largest == 1
    assert laws.extreme_curvatures("ce", rng, hidden=5)[0] < -1e-6
    assert laws.extreme_curvatures("mse_sigmoid", rng)[0] < -1e-6


def test_accuracy_is_flat() -> None:
    flat, steep = laws.flatness(torch.Generator().manual_seed(0))
    assert flat == 0
    assert steep > 1e-3


def test_accuracy_ranks_a_pair_against_the_loss() -> None:
    cautious, bold = laws.accuracy_and_loss([0.51] * 9 + [0.49]), laws.accuracy_and_loss([0.99] * 8 + [0.4] * 2)
    assert cautious[0] > bold[0]
    assert cautious[1] > bold[1]
    assert laws.misranked(cautious, bold) == laws.pair_trial().error == 1


def test_a_score_that_is_not_a_number_counts_as_wrong() -> None:
    assert accuracy(torch.tensor([[float("nan"), 1.0], [0.0, 1.0]]), torch.tensor([1, 1])) == 0.5


def test_trainings_that_differ_in_labels_alone_begin_at_weights_of_their_own() -> None:
    images = prepare(Params(train_images=50, steps=20, repeats=2, losses=("ce",)), 0)
    rows = [row for row in trajectories.run(images) if isinstance(row, TrajectoryRow) and row.step == 1]
    assert [(row.labels, row.label_noise) for row in rows] == [("clean", 0.0), ("noisy", 0.3)] * 2
    assert len({row.test_nll for row in rows}) == 4


def of_network(row: type[NetworkRow], **columns: Any) -> Any:
    same = dict.fromkeys(("train_loss", "validation_accuracy", "validation_nll", "test_accuracy"), 0.5)
    rest = dict.fromkeys(("corrupted_accuracy", "test_nll", "test_brier", "test_ece"), 0.5)
    return row(**{"dataset": "digits", "lr": 0.1, "step": 1, **same, **rest, **columns})


def along(column: str, values: Sequence[float], *, seeds: int = 5, **columns: Sequence[float]) -> list[TrajectoryRow]:
    """Readings of clean and noisy trainings whose loss falls."""
    return [
        of_network(
            TrajectoryRow,
            seed=seed,
            labels=labels,
            label_noise=0.3,
            member=0,
            step=step,
            train_loss=1 / (1 + step),
            **{column: value + 1e-4 * seed * step},
            **{name: of_step[step] for name, of_step in columns.items()},
        )
        for seed in range(seeds)
        for labels in ("clean", "noisy")
        for step, value in enumerate(values)
    ]


def verdict(claim: str, part: str, rows: Sequence[NetworkRow]) -> str:
    asked = [one for one in EXPERIMENT.asked(Rows({part: rows})) if one.claim.name == claim]
    return judge(asked, smoke=False)[0].verdict


@pytest.mark.parametrize(("accuracies", "expected"), [((0.9, 0.4, 0.5), "holds"), ((0.1, 0.5, 0.4), "refuted")])
def test_robustness_is_that_of_the_end_and_of_the_least_validation_loss(
    accuracies: Sequence[float], expected: str
) -> None:
    rows = along("corrupted_accuracy", accuracies, seeds=8, validation_nll=(0.5, 0.4, 0.6))
    assert verdict("smaller_loss_is_more_robust", trajectories.PART.name, rows) == expected


@pytest.mark.parametrize(("losses_on_test", "expected"), [((0.7, 0.4, 0.6), "holds"), ((0.3, 0.6, 0.5), "refuted")])
def test_a_gap_is_a_loss_that_rises_from_where_validation_has_the_least(
    losses_on_test: Sequence[float], expected: str
) -> None:
    rows = along("test_nll", losses_on_test, seeds=30, validation_nll=(0.5, 0.4, 0.6))
    assert verdict("likelihood_falls_while_accuracy_does_not", trajectories.PART.name, rows) == expected


@pytest.mark.parametrize(("accuracies", "expected"), [((0.5, 0.6), "holds"), ((0.6, 0.5), "refuted")])
def test_steps_are_chosen_on_validation_images(accuracies: Sequence[float], expected: str) -> None:
    """Validation accuracy chooses the second step, validation loss the first."""
    rows = along("test_accuracy", accuracies, validation_accuracy=(0.1, 0.2), validation_nll=(0.1, 0.2))
    assert verdict("selection_by_accuracy_is_more_accurate", trajectories.PART.name, rows) == expected


def tuned(loss: str, best: float) -> list[LossRow]:
    return [
        of_network(
            LossRow, seed=seed, loss=loss, lr=lr, validation_accuracy=value, test_accuracy=value + 1e-4 * seed * bonus
        )
        for lr, value in ((0.1, 0.1), (0.2, best), (0.3, 0.2))
        for seed, bonus in ((seed, loss == "ce") for seed in range(5))
    ]


@pytest.mark.parametrize(("cross_entropy", "expected"), [(0.8, "holds"), (0.7, "refuted")])
def test_cross_entropy_is_compared_with_the_best_other_loss(cross_entropy: float, expected: str) -> None:
    rows = [*tuned("ce", cross_entropy), *tuned("hinge", 0.7), *tuned("mse_logits", 0.5)]
    claim = "cross_entropy_is_the_best_loss"
    assert verdict(claim, losses.PART.name, rows) == expected
    assert verdict(claim, losses.PART.name, [row for row in rows if row.lr <= 0.2]) == "inconclusive"
    assert verdict(claim, losses.PART.name, tuned("ce", 0.8)) == "inconclusive"
