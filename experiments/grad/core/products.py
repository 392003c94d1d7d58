"""What a chain of sigmoids multiplies together, tried on single units: derivatives of at most 1/4, and weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import torch

from experiments.foundation.statements.trial import Trial
from experiments.grad.core.chains import derivative, unit_chain

DEPTH = 10


def range_trials(points: Iterable[float]) -> Iterator[Trial]:
    """The sigmoid's derivative lies in (0, 1/4] at every point; that of tanh, the control, leaves it near 0."""
    for z in points:
        at = torch.tensor(z, dtype=torch.float64)
        sigmoid, tanh = float(derivative("sigmoid", at)), float(derivative("tanh", at))
        yield Trial(
            part="range",
            case="sigmoid",
            error=max(sigmoid - 0.25, 0.0) + float(sigmoid <= 0),
            control_error=max(tanh - 0.25, 0.0),
            witness=f"sigmoid'({z:g}) = {sigmoid:g}",
        )


def bound_trials(weights: Iterable[float]) -> Iterator[Trial]:
    """The gradient through ten units of weight w is at most (|w| / 4)^10; 1/4^10, the bound without weights, fails."""
    for weight in weights:
        gradient, bound = unit_chain(weight, -weight / 2, 0.5, DEPTH)
        yield Trial(
            part="bound",
            case="|w|/4 per layer",
            error=max(gradient / bound - 1, 0.0),
            control_error=max(gradient - 0.25**DEPTH, 0.0),
            witness=_words(weight, gradient),
        )


def shrinking_trials(weights: Iterable[float]) -> Iterator[Trial]:
    """Ten units do not enlarge the gradient; there is no control here, because the cases are each other's."""
    for weight in weights:
        gradient, _ = unit_chain(weight, -weight / 2, 0.5, DEPTH)
        yield Trial(
            part="shrinks",
            case="|w| > 4" if abs(weight) > 4 else "|w| <= 4",
            error=float(gradient > 1),
            control_error=math.nan,
            witness=_words(weight, gradient),
        )


def _words(weight: float, gradient: float) -> str:
    return f"w = {weight:g}, b = {-weight / 2:g}, a = 0.5: ten layers multiply the gradient by {gradient:.4g}"
