"""What is proved about losses: signs, curvature, flat accuracy, and a pair of models that the loss ranks wrongly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from experiments.foundation.statements.trials import (
    TRIALS,
    TrialRow,
    distinct,
    instances,
    instances_by_case,
    trials_of,
    tried,
)
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Each, Theorem
from experiments.loss.metric.setup import Images

if TYPE_CHECKING:
    import torch
    from torch import Tensor

MODELS = {"softmax regression": ("ce", 0), "squares of sigmoids": ("mse_sigmoid", 0), "one hidden layer": ("ce", 5)}
"""Loss and hidden units."""
PREDICTIONS, PROBLEMS, LINES = 200, 5, 20
Model = tuple[float, float]
"""Accuracy and loss."""


def run(images: Images) -> Iterator[TrialRow]:
    rng = images.generator()
    yield from sign_trials(rng)
    for model, (loss, hidden) in MODELS.items():
        for _ in range(PROBLEMS):
            smallest, largest = extreme_curvatures(loss, rng, hidden=hidden)
            yield TrialRow(
                statement="curvature",
                case=model,
                error=max(0.0, -smallest),
                control_error=max(0.0, largest),
                counterexample=f"smallest eigenvalue {smallest:.3g} of the largest",
            )
    for _ in range(LINES):
        flat, steep = flatness(rng)
        yield TrialRow(statement="flat", case="accuracy", error=flat, control_error=steep)
    yield pair_trial()


def sign_trials(rng: torch.Generator) -> Iterator[TrialRow]:
    """The smallest value of every loss over random predictions is not below 0. Control: the negated loss."""
    import torch

    from experiments.foundation.networks.scores.binary_losses import focal
    from experiments.loss.core import classification, overlap, regression

    logits = 4 * torch.randn(PREDICTIONS, 5, generator=rng, dtype=torch.float64)
    targets = torch.randint(5, (PREDICTIONS,), generator=rng)
    y, t = logits[:, 0], logits[:, 1]
    variances = torch.exp(3 * logits[:, 2]).clamp(1e-3)
    zero = torch.zeros(1, dtype=torch.float64)
    sure = regression.gaussian_nll(zero, zero, zero + 1e-3)  # log(1e-3) / 2
    losses = {
        "cross-entropy": classification.cross_entropy(logits, targets),
        "squared": regression.squared(y, t),
        "huber": regression.huber(y, t),
        "hinge": classification.hinge(logits, targets),
        "focal": focal(y, (t > 0).double()),
        "soft dice": overlap.soft_dice(logits.sigmoid(), (logits > 1).double()),
        "Gaussian likelihood": torch.cat([regression.gaussian_nll(y, t, variances), sure]),
    }
    for name, values in losses.items():
        low, high = values.min().item(), values.max().item()
        yield TrialRow(
            statement="sign",
            case=name,
            error=max(0.0, -low),
            control_error=max(0.0, high),
            counterexample=f"{name}: {low:.4g}",
        )


def extreme_curvatures(loss: str, rng: torch.Generator, *, n: int = 30, hidden: int = 0) -> tuple[float, float]:
    """Smallest and largest eigenvalue of the Hessian of the mean loss in the weights, over the largest magnitude.

    The model is z = x W on random inputs (n, 4) with three classes, or z = relu(x V) W with ``hidden`` units. ``loss``
    is "ce" or "mse_sigmoid". The smallest is 0 or more for a convex problem, but for rounding; the negated loss, the
    control, has the largest as its smallest, with the other sign.
    """
    import torch

    from experiments.loss.core.classification import cross_entropy, squared_sigmoid

    inputs = torch.randn(n, 4, generator=rng, dtype=torch.float64)
    targets = torch.randint(3, (n,), generator=rng)
    function = {"ce": cross_entropy, "mse_sigmoid": squared_sigmoid}[loss]
    first = 4 * hidden

    def mean_loss(weights: Tensor) -> Tensor:
        features = (inputs @ weights[:first].reshape(4, hidden)).relu() if hidden else inputs
        return function(features @ weights[first:].reshape(-1, 3), targets).mean()

    weights = 2 * torch.randn(first + 3 * (hidden or 4), generator=rng, dtype=torch.float64)
    hessian = torch.autograd.functional.hessian(mean_loss, weights)
    eigenvalues = torch.linalg.eigvalsh((hessian + hessian.T) / 2)
    smallest, *_, largest = (eigenvalues / eigenvalues.abs().max()).tolist()
    return smallest, largest


def flatness(rng: torch.Generator, *, step: float = 1e-7, n: int = 100) -> tuple[float, float]:
    """|change| / step of accuracy and of cross-entropy when random linear weights move by ``step`` along a random
    line."""
    import torch

    from experiments.loss.core.classification import cross_entropy

    inputs = torch.randn(n, 4, generator=rng, dtype=torch.float64)
    targets = torch.randint(3, (n,), generator=rng)
    weights, direction = torch.randn(2, 4, 3, generator=rng, dtype=torch.float64)

    def measure(w: Tensor) -> Model:
        logits = inputs @ w
        hits = (logits.argmax(1) == targets).double()
        return hits.mean().item(), cross_entropy(logits, targets).mean().item()

    before, after = measure(weights), measure(weights + step * direction)
    return abs(after[0] - before[0]) / step, abs(after[1] - before[1]) / step


def pair_trial() -> TrialRow:
    """Of two models the one with less loss is no less accurate. Control: a pair that agrees, its losses exchanged."""
    cautious, bold = accuracy_and_loss([0.51] * 9 + [0.49]), accuracy_and_loss([0.99] * 8 + [0.4] * 2)
    return TrialRow(
        statement="pair",
        case="cautious and bold",
        error=misranked(cautious, bold),
        control_error=misranked((0.9, 0.5), (0.8, 0.3)),
        counterexample=f"accuracy {cautious[0]} at loss {cautious[1]:.3f}, {bold[0]} at {bold[1]:.3f}",
    )


def accuracy_and_loss(true: Sequence[float]) -> Model:
    """Of a model of two classes that gives the true class of each example these probabilities."""
    return sum(p > 0.5 for p in true) / len(true), -sum(map(math.log, true)) / len(true)


def misranked(first: Model, second: Model) -> float:
    """1 if the one with less loss is less accurate, else 0.

    >>> misranked((0.9, 0.5), (0.8, 0.3)), misranked((0.9, 0.3), (0.8, 0.5))
    (1.0, 0.0)
    """
    return float((first[0] - second[0]) * (first[1] - second[1]) > 0)


def the_pair(rows: Sequence[TrialRow]) -> Instances:
    """The same for every seed."""
    return tried(distinct(trials_of(rows, "pair")))


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "losses_are_never_negative",
            statement="A loss is never negative.",
            rule=Theorem("the smallest loss over random predictions is not below 0", control="the negated loss"),
            measure=instances("sign"),
            topic="Loss functions: their sign",
            predicted="refuted",
            source="a density exceeds 1 where its variance is small",
        ),
        Claim(
            "accuracy_has_no_slope",
            statement="Accuracy has slope zero almost everywhere, so it cannot be descended.",
            rule=Theorem("1e-7 along a random line leaves the accuracy as it is", control="cross-entropy"),
            measure=instances("flat"),
            topic="Easier to optimize than accuracy",
            predicted="holds",
            source="accuracy is constant wherever no two scores are equal",
        ),
        Claim(
            "training_problems_are_convex",
            statement="Training by a smooth loss is a convex problem.",
            rule=Each(
                Theorem(
                    "no eigenvalue of the Hessian, over the largest, lies below 0",
                    control="the negated loss",
                    tolerance=1e-12,
                ),
                per="model",
            ),
            measure=instances_by_case("curvature"),
            topic="Convex in some cases",
            predicted={
                "softmax regression": "holds",
                "squares of sigmoids": "refuted",
                "one hidden layer": "refuted",
            },
            source="the logarithm of a sum of exponentials is convex; pilot for the others",
        ),
        Claim(
            "smaller_loss_is_more_accurate",
            statement="The loss computes the model's accuracy: of two models the one with less loss is no worse.",
            rule=Theorem("the one with less loss is no less accurate", control="a pair with its losses exchanged"),
            measure=the_pair,
            topic="Loss and accuracy of two models",
            predicted="refuted",
            source="one pair of models on ten examples",
        ),
    ),
    tables=(TRIALS,),
)
