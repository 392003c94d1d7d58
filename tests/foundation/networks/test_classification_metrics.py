"""Metrics against scikit-learn, a plain loop and numbers computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn import metrics as sklearn_metrics

from experiments.foundation.networks.metrics import (
    brier_error,
    confusion_matrix,
    evaluate,
    expected_calibration_error,
    macro_f1_score,
)


def predictions(n: int = 200, classes: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    targets = torch.randint(0, classes, (n,), generator=generator)
    logits = torch.randn(n, classes, generator=generator) + 2 * torch.nn.functional.one_hot(targets, classes)
    return logits, targets


def test_metrics_equal_sklearns() -> None:
    logits, targets = predictions()
    ours = evaluate(logits, targets)
    probabilities, truth = logits.double().softmax(1).numpy(), targets.numpy()
    predicted = probabilities.argmax(1)
    assert ours.accuracy == sklearn_metrics.accuracy_score(truth, predicted)
    assert ours.macro_f1 == pytest.approx(sklearn_metrics.f1_score(truth, predicted, average="macro"), abs=1e-14)
    assert ours.nll == pytest.approx(sklearn_metrics.log_loss(truth, probabilities), abs=1e-13)
    assert np.array_equal(ours.confusion.numpy(), sklearn_metrics.confusion_matrix(truth, predicted))
    per_class = [sklearn_metrics.brier_score_loss(truth == k, probabilities[:, k]) for k in range(5)]
    assert ours.brier == pytest.approx(sum(per_class), abs=1e-14)


def test_calibration_error_equals_a_plain_loop() -> None:
    logits, targets = predictions()
    probabilities = logits.double().softmax(1)
    expected, n = 0.0, len(targets)
    for b in range(15):
        low, high = b / 15, (b + 1) / 15
        inside = [i for i in range(n) if low < probabilities[i].max() <= high]
        hits = sum(float(probabilities[i].argmax() == targets[i]) for i in inside)
        expected += abs(hits - sum(float(probabilities[i].max()) for i in inside)) / n
    assert expected_calibration_error(probabilities, targets) == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("bins", [5, 15])
def test_calibration_error_is_torchmetrics(bins: int) -> None:
    torchmetrics = pytest.importorskip("torchmetrics.functional.classification", reason="extra: test")
    logits, targets = predictions()
    expected = torchmetrics.multiclass_calibration_error(
        logits.softmax(1), targets, num_classes=5, n_bins=bins, norm="l1"
    )
    assert expected_calibration_error(logits.softmax(1), targets, bins) == pytest.approx(float(expected), abs=1e-6)


def test_calibration_error_by_hand() -> None:
    """Confidence .8 twice, right once: |1/2 - .8| = .3."""
    probabilities = torch.tensor([[0.8, 0.2], [0.8, 0.2]], dtype=torch.float64)
    assert expected_calibration_error(probabilities, torch.tensor([0, 1])) == pytest.approx(0.3)


def test_brier_by_hand() -> None:
    """(.8 - 1)^2 + .2^2 = .08 and (.8)^2 + (.2 - 1)^2 = 1.28."""
    probabilities = torch.tensor([[0.8, 0.2], [0.8, 0.2]], dtype=torch.float64)
    torch.testing.assert_close(brier_error(probabilities, torch.tensor([0, 1])), torch.tensor([0.08, 1.28]).double())


def test_class_never_seen_is_left_out_of_macro_f1_and_class_never_hit_counts_zero() -> None:
    targets, predicted = torch.tensor([0, 0, 1]), torch.tensor([0, 0, 0])
    confusion = confusion_matrix(targets, predicted, 3)
    assert confusion.tolist() == [[2, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert macro_f1_score(confusion) == pytest.approx((4 / 5 + 0) / 2)


def test_perfect_and_hopeless_predictions() -> None:
    targets = torch.tensor([0, 1])
    good = evaluate(torch.tensor([[50.0, 0.0], [0.0, 50.0]]), targets)
    assert (good.accuracy, good.macro_f1) == (1.0, 1.0)
    assert good.nll < 1e-15
    uniform = evaluate(torch.zeros(2, 2), targets)
    assert uniform.nll == pytest.approx(math.log(2))
    assert uniform.brier == pytest.approx(0.5)
