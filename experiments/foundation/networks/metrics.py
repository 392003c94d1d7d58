"""Classification metrics from logits and from class probabilities.

Scores grow when better, errors shrink. Natural logarithm. ``evaluate`` computes in float64, functions in the type of
what they are given. The module ``evaluation`` asks a network for its logits.
Source: Brier, Verification of forecasts expressed in terms of probability, 1950 (the sum over classes, so 0..2, not
its half); Guo et al., On Calibration of Modern Neural Networks, https://arxiv.org/abs/1706.04599, 2017 (calibration
error).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Metrics of one set of predictions."""

    accuracy: float
    macro_f1: float
    nll: float
    brier: float
    ece: float
    confusion: Tensor
    """(classes, classes) counts: row = true class, column = predicted class."""


def evaluate(logits: Tensor, targets: Tensor) -> Evaluation:
    """All metrics of ``logits`` (n, classes) against ``targets`` (n,)."""
    log_probabilities = logits.double().cpu().log_softmax(1)
    targets = targets.cpu()
    probabilities = log_probabilities.exp()
    predictions = log_probabilities.argmax(1)
    confusion = confusion_matrix(targets, predictions, logits.shape[1])
    return Evaluation(
        accuracy=(predictions == targets).double().mean().item(),
        macro_f1=macro_f1_score(confusion),
        nll=negative_log_likelihood(log_probabilities, targets).mean().item(),
        brier=brier_error(probabilities, targets).mean().item(),
        ece=expected_calibration_error(probabilities, targets),
        confusion=confusion,
    )


def correct(logits: Tensor, labels: Tensor) -> Tensor:
    """Whether the largest of ``logits`` (..., n, classes) is that of the label (..., n); a NaN counts as 0.

    >>> correct(torch.tensor([[0.2, 0.8], [torch.nan, torch.nan]]), torch.tensor([0, 0]))
    tensor([False,  True])
    """
    return logits.nan_to_num(0).argmax(-1) == labels


def accuracy(logits: Tensor, labels: Tensor, *, dtype: torch.dtype = torch.float64) -> float:
    """Share of ``correct`` among logits (n, classes) and labels (n,); nan for n = 0.

    ``dtype`` is that of the mean: float32 gives the share rounded to it, as some stored results have it.

    >>> accuracy(torch.eye(3), torch.tensor([0, 1, 1]))
    0.6666666666666666
    """
    return correct(logits, labels).to(dtype).mean().item()


def confusion_matrix(targets: Tensor, predictions: Tensor, classes: int) -> Tensor:
    """(classes, classes) counts: row = true class, column = predicted class."""
    return torch.bincount(targets * classes + predictions, minlength=classes**2).reshape(classes, classes)


def macro_f1_score(confusion: Tensor) -> float:
    """Mean over classes of F1 = 2 TP / (2 TP + FP + FN); a class that is neither true nor predicted anywhere is left
    out."""
    true_positives = confusion.diagonal().double()
    denominator = (confusion.sum(0) + confusion.sum(1)).double()  # 2 TP + FP + FN
    seen = denominator > 0
    return (2 * true_positives[seen] / denominator[seen]).mean().item()


def negative_log_likelihood(log_probabilities: Tensor, targets: Tensor) -> Tensor:
    """-log p(target), per example (n,)."""
    return -log_probabilities.gather(1, targets[:, None]).squeeze(1)


def brier_error(probabilities: Tensor, targets: Tensor) -> Tensor:
    """sum_k (p_k - [k = target])^2 in [0, 2], per example (n,)."""
    hit = probabilities.gather(1, targets[:, None]).squeeze(1)
    return probabilities.square().sum(1) - 2 * hit + 1


def expected_calibration_error(probabilities: Tensor, targets: Tensor, bins: int = 15) -> float:
    """sum_b n_b / n |accuracy_b - confidence_b| over ``bins`` equal bins (low, high] of the confidence max_k p_k.

    Args:
        probabilities: (n, classes), rows that sum to 1; the error is computed in their type.
        targets: (n,) classes.

    >>> sure = torch.tensor([[1.0, 0.0]] * 4)       # right half of the time
    >>> expected_calibration_error(sure, torch.tensor([0, 1, 0, 1]))
    0.5
    """
    confidence, predictions = probabilities.max(1)
    which = (confidence * bins).ceil().long().clamp(1, bins) - 1
    hits = (predictions == targets).to(confidence.dtype)
    gaps = confidence.new_zeros(bins)
    gaps.index_add_(0, which, hits - confidence)  # n_b (accuracy_b - confidence_b)
    return (gaps.abs().sum() / len(targets)).item()
