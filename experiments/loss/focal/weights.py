"""Loss and gradient of one example under focal loss, over those under cross-entropy."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.loss.focal.laws import GAMMAS
from experiments.loss.focal.setup import Tasks


@observation
class WeightRow(Row):
    gamma: float
    probability: float
    """Of the true class."""
    loss_weight: float
    """Focal loss over cross-entropy."""
    gradient_ratio: float
    """The same of their gradients in the logit."""


@observation
class PeakRow(Row):
    gamma: float
    largest_ratio: float
    """Of the gradients in the logit, focal loss over cross-entropy."""
    at_probability: float
    crossing: float
    """Probability of the true class above which focal loss has the smaller gradient."""


def run_weights(tasks: Tasks) -> Iterator[WeightRow]:
    import torch

    from experiments.loss.core.classification import binary_cross_entropy, focal, focal_gradient_ratio

    probability = torch.linspace(0.01, 0.99, 50, dtype=torch.float64)
    logits, ones = torch.logit(probability), torch.ones_like(probability)
    for gamma in GAMMAS:
        weights = focal(logits, ones, gamma=gamma) / binary_cross_entropy(logits, ones)
        for p, weight in zip(probability, weights, strict=True):
            ratio = focal_gradient_ratio(p, gamma).item()
            yield WeightRow(gamma=gamma, probability=p.item(), loss_weight=weight.item(), gradient_ratio=ratio)


def run_peaks(tasks: Tasks) -> Iterator[PeakRow]:
    from experiments.loss.core.classification import focal_gradient_peak

    for gamma in GAMMAS:
        largest, where, crossing = focal_gradient_peak(gamma)
        yield PeakRow(gamma=gamma, largest_ratio=largest, at_probability=where, crossing=crossing)


WEIGHTS = Part(
    name="weights",
    row=WeightRow,
    run=run_weights,
    curves=(
        Curve("gradient", "probability", "gradient_ratio", "gamma"),
        Curve("loss_weight", "probability", "loss_weight", "gamma"),
    ),
)
PEAKS = Part(
    name="peaks",
    row=PeakRow,
    run=run_peaks,
    tables=(
        Table(
            "Gradient of focal loss over cross-entropy's",
            by=("gamma",),
            columns=("largest_ratio", "at_probability", "crossing"),
        ),
    ),
)
