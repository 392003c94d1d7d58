"""What is proved about losses, tried: signs, curvature, flat accuracy, and pairs of models that losses rank wrongly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from experiments.loss.core import classification, overlap, regression


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One trial of a statement: by how much it is broken, and by how much the control breaks it."""

    part: str
    arm: str
    error: float
    control_error: float = math.nan
    value: float = math.nan
    """What was measured."""
    witness: str = ""


def instances(rng: torch.Generator) -> Iterator[Instance]:
    """Every statement of this module, tried."""
    for name, (low, high) in ranges(rng, 200).items():
        words = f"{name}: {low:.4g}"
        # the control is the negated loss, a log-likelihood: its smallest value is -high
        error, control = max(0.0, -low), max(0.0, high)
        yield Instance(part="sign", arm=name, error=error, control_error=control, value=low, witness=words)
    cases = {"softmax regression": ("ce", 0), "squares of sigmoids": ("mse_sigmoid", 0), "one hidden layer": ("ce", 5)}
    for name, (loss, hidden) in cases.items():
        for _ in range(5):
            curvature = smallest_curvature(loss, rng, hidden=hidden)
            words = f"smallest eigenvalue {curvature:.3g} of the largest"
            yield Instance(part="curvature", arm=name, error=max(0.0, -curvature), value=curvature, witness=words)
    for _ in range(20):
        flat, steep = flatness(rng)
        yield Instance(part="flat", arm="accuracy", error=flat, control_error=steep, value=steep)
    first, second = wrongly_ranked_pair().values()
    words = f"accuracy {first[0]} at loss {first[1]:.3f}, {second[0]} at {second[1]:.3f}"
    agreeing = (0.9, 0.3), (0.8, 0.5)
    exchanged = misranked((agreeing[0][0], agreeing[1][1]), (agreeing[1][0], agreeing[0][1]))
    yield Instance(
        part="pair", arm="cautious and bold", error=misranked(first, second), control_error=exchanged, witness=words
    )


def misranked(first: tuple[float, float], second: tuple[float, float]) -> float:
    """1 if, of two models (accuracy, loss), the one with less loss is less accurate, else 0."""
    return float((first[0] - second[0]) * (first[1] - second[1]) > 0)


def ranges(rng: torch.Generator, n: int) -> dict[str, tuple[float, float]]:
    """Smallest and largest loss over n random predictions, by loss."""
    logits = 4 * torch.randn(n, 5, generator=rng, dtype=torch.float64)
    targets = torch.randint(5, (n,), generator=rng)
    y, t = logits[:, 0], logits[:, 1]
    variances = torch.exp(3 * logits[:, 2]).clamp(1e-3)
    zero = torch.zeros(1, dtype=torch.float64)
    sure = regression.gaussian_nll(zero, zero, zero + 1e-3)  # log(1e-3) / 2
    losses = {
        "cross-entropy": classification.cross_entropy(logits, targets),
        "squared": regression.squared(y, t),
        "huber": regression.huber(y, t),
        "hinge": classification.hinge(logits, targets),
        "focal": classification.focal(y, (t > 0).double()),
        "soft dice": overlap.soft_dice(logits.sigmoid(), (logits > 1).double()),
        "Gaussian likelihood": torch.cat([regression.gaussian_nll(y, t, variances), sure]),
    }
    return {name: (values.min().item(), values.max().item()) for name, values in losses.items()}


def smallest_curvature(loss: str, rng: torch.Generator, *, n: int = 30, hidden: int = 0) -> float:
    """Smallest eigenvalue of the Hessian of the mean loss in the weights, over its largest in absolute value.

    The model is z = x W on random inputs (n, 4) with three classes, or z = relu(x V) W with ``hidden`` units.
    ``loss`` is "ce" or "mse_sigmoid". 0 or more for a convex problem, but for rounding.
    """
    inputs = torch.randn(n, 4, generator=rng, dtype=torch.float64)
    targets = torch.randint(3, (n,), generator=rng)
    function = {"ce": classification.cross_entropy, "mse_sigmoid": classification.squared_sigmoid}[loss]
    first = 4 * hidden
    size = first + 3 * (hidden or 4)

    def mean_loss(weights: Tensor) -> Tensor:
        features = (inputs @ weights[:first].reshape(4, hidden)).relu() if hidden else inputs
        return function(features @ weights[first:].reshape(-1, 3), targets).mean()

    weights = 2 * torch.randn(size, generator=rng, dtype=torch.float64)
    hessian = torch.autograd.functional.hessian(mean_loss, weights)
    eigenvalues = torch.linalg.eigvalsh((hessian + hessian.T) / 2)
    return (eigenvalues[0] / eigenvalues.abs().max()).item()


def flatness(rng: torch.Generator, *, step: float = 1e-7, n: int = 100) -> tuple[float, float]:
    """|change| / step of accuracy and of cross-entropy when random linear weights move by ``step`` along a random
    line."""
    inputs = torch.randn(n, 4, generator=rng, dtype=torch.float64)
    targets = torch.randint(3, (n,), generator=rng)
    weights, direction = torch.randn(2, 4, 3, generator=rng, dtype=torch.float64)

    def measure(w: Tensor) -> tuple[float, float]:
        logits = inputs @ w
        accuracy = (logits.argmax(1) == targets).double().mean().item()
        return accuracy, classification.cross_entropy(logits, targets).mean().item()

    before, after = measure(weights), measure(weights + step * direction)
    return abs(after[0] - before[0]) / step, abs(after[1] - before[1]) / step


def wrongly_ranked_pair() -> dict[str, tuple[float, float]]:
    """Accuracy and cross-entropy of two models on the same ten examples of two classes.

    "cautious" gives the true class p = 0.51 nine times and 0.49 once, "bold" 0.99 eight times and 0.4 twice.
    """
    models = {"cautious": [0.51] * 9 + [0.49], "bold": [0.99] * 8 + [0.4] * 2}
    return {name: (sum(p > 0.5 for p in true) / 10, -sum(map(math.log, true)) / 10) for name, true in models.items()}
