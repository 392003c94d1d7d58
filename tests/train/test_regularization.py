"""Dropout against its closed form, remedies against what they must do, polynomials against the least error."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from experiments.lab.judge.claims import Comparison
from experiments.train import regularization as study
from experiments.train.core import polynomials, remedies
from experiments.train.core.perceptron import perceptron


def test_dropout_of_a_linear_model_is_an_adaptive_l2_penalty_in_the_mean() -> None:
    rng = torch.Generator().manual_seed(0)
    x, y, w = (torch.randn(*shape, generator=rng, dtype=torch.float64) for shape in ((8, 3), (8,), (3,)))
    x = x * torch.tensor([1.0, 5.0, 0.1])
    adaptive, plain = remedies.dropout_penalty(x, w, 0.4)
    expected = remedies.dropout_loss_exactly(x, y, w, 0.4) - (x @ w - y).square().mean()
    assert float(adaptive) == pytest.approx(float(expected))
    assert float(plain) != pytest.approx(float(expected), rel=0.01)


def test_one_mask_of_one_weight_by_hand() -> None:
    one = torch.ones(1, dtype=torch.float64)
    # the prediction is 0 or 2, each with probability 1/2; the target is 1
    assert float(remedies.dropout_loss_exactly(one[None], one, one, 0.5)) == 1


def test_exactly_the_asked_share_of_labels_is_wrong() -> None:
    labels = torch.arange(100) % 10
    noisy = remedies.with_wrong_labels(labels, 0.2, 10, torch.Generator().manual_seed(0))
    assert int((noisy != labels).sum()) == 20
    assert set(noisy.tolist()) <= set(range(10))


def test_losses_of_one_network_differ_under_dropout_alone() -> None:
    x, y = torch.randn(6, 4), torch.arange(6) % 3
    assert remedies.losses_under_dropout(perceptron((4, 8, 3), dropout=0.5), x, y, 4).unique().numel() > 1
    assert remedies.losses_under_dropout(perceptron((4, 8, 3)), x, y, 4).unique().numel() == 1


@pytest.mark.parametrize("remedy", ["l1", "l2"])
def test_a_strong_penalty_keeps_a_network_from_learning(remedy: str) -> None:
    data = torch.eye(10).repeat(3, 1), torch.arange(10).repeat(3)
    chosen = {"classes": 10, "width": 16, "steps": 150, "seed": 0}
    free = remedies.fit_with("none", 0.0, data, data, data, **chosen)
    bound = remedies.fit_with(remedy, 100.0, data, data, data, **chosen)
    assert free.train_accuracy == 1
    assert bound.train_accuracy < 0.5


def test_a_cubic_reaches_the_least_error_and_a_line_does_not() -> None:
    line, cubic = (polynomials.fit_polynomial(degree, 2000, 0.2, np.random.default_rng(0)) for degree in (1, 5))
    assert cubic.test_error == pytest.approx(0.04, rel=0.1)
    assert line.train_error > 3 * 0.04


def rows_of(strengths: dict[float, float]) -> list[study.Row]:
    """Three seeds of remedy l2, validation and test accuracy by strength, and none at 0.5."""
    rows = [study.Row(seed=s, part="remedy", case="none", strength=0, test_accuracy=0.5) for s in range(3)]
    for strength, right in strengths.items():
        for s in range(3):
            accuracy = right + s / 1000
            chosen = study.Row(
                seed=s,
                part="remedy",
                case="l2",
                strength=strength,
                validation_accuracy=accuracy,
                test_accuracy=accuracy,
            )
            rows.append(chosen)
    return rows


@pytest.mark.parametrize(
    ("strengths", "outcome"),
    [({0.1: 0.7, 1.0: 0.6}, "holds"), ({0.1: 0.5, 1.0: 0.4}, "refuted"), ({0.1: 0.6, 1.0: 0.7}, "inconclusive")],
)
def test_the_best_strength_counts_unless_it_lies_on_the_strong_edge(
    strengths: dict[float, float], outcome: str
) -> None:
    comparison: Comparison = study.l2_helps(rows_of(strengths))
    assert comparison.outcome == outcome
