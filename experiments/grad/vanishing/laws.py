"""What a chain of sigmoids multiplies together, tried on single units: derivatives of at most 1/4, and weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from experiments.foundation.statements.trials import TRIALS, TrialRow, instances, instances_by_case, trials_of, tried
from experiments.grad.vanishing.setup import Networks
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Counterexample, Theorem, Under

LAYERS = 10


def run(networks: Networks) -> Iterator[TrialRow]:
    import numpy as np

    rng = np.random.default_rng(networks.seed)
    trials = networks.params.trials
    weights = [8.0, *rng.uniform(-12, 12, trials)]
    yield from range_trials([0.0, *rng.normal(0, 30, trials)])
    yield from bound_trials(weights)
    yield from shrinking_trials(weights)


def range_trials(points: Iterable[float]) -> Iterator[TrialRow]:
    """The sigmoid's derivative lies in (0, 1/4] at every point; that of tanh, the control, leaves it near 0."""
    import torch

    from experiments.grad.core.chains import derivative

    for z in points:
        at = torch.tensor(z, dtype=torch.float64)
        sigmoid, tanh = float(derivative("sigmoid", at)), float(derivative("tanh", at))
        yield TrialRow(
            statement="range",
            case="sigmoid",
            error=max(sigmoid - 0.25, 0.0) + float(sigmoid <= 0),
            control_error=max(tanh - 0.25, 0.0),
            counterexample=f"sigmoid'({z:g}) = {sigmoid:g}",
        )


def bound_trials(weights: Iterable[float]) -> Iterator[TrialRow]:
    """The gradient through ten units of weight w is at most (|w| / 4)^10; 1/4^10, the bound without weights, fails."""
    from experiments.grad.core.chains import unit_chain

    for weight in weights:
        gradient, bound = unit_chain(weight, -weight / 2, 0.5, LAYERS)
        yield TrialRow(
            statement="bound",
            case="|w|/4 per layer",
            error=max(gradient / bound - 1, 0.0),
            control_error=max(gradient - 0.25**LAYERS, 0.0),
            counterexample=_in_words(weight, gradient),
        )


def shrinking_trials(weights: Iterable[float]) -> Iterator[TrialRow]:
    """Ten units do not enlarge the gradient; the control, the same weights without sigmoids, does beyond |w| = 1."""
    from experiments.grad.core.chains import unit_chain

    for weight in weights:
        gradient, _ = unit_chain(weight, -weight / 2, 0.5, LAYERS)
        yield TrialRow(
            statement="shrinks",
            case="|w| > 4" if abs(weight) > 4 else "|w| <= 4",
            error=float(gradient > 1),
            control_error=float(abs(weight) ** LAYERS > 1),
            counterexample=_in_words(weight, gradient),
        )


def _in_words(weight: float, gradient: float) -> str:
    return f"w = {weight:g}, b = {-weight / 2:g}, a = 0.5: ten layers multiply the gradient by {gradient:.4g}"


def shrinking_by_weight(rows: Sequence[TrialRow]) -> Mapping[str, Instances]:
    return {"at most |w|/4 per layer": tried(trials_of(rows, "bound")), **instances_by_case("shrinks")(rows)}


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "sigmoid_derivative_is_at_most_a_quarter",
            statement="The derivative of the sigmoid lies in (0, 0.25] and is 0.25 at 0.",
            rule=Theorem("the derivative lies in (0, 0.25]", control="the derivative of tanh"),
            measure=instances("range"),
            topic="Range of the sigmoid's derivative",
            predicted="holds",
            source="s (1 - s) with s in (0, 1)",
        ),
        Claim(
            "product_of_sigmoids_always_shrinks",
            statement="Ten sigmoid layers always shrink the gradient.",
            rule=Under(
                {
                    "at most |w|/4 per layer": Theorem(
                        "the gradient is at most (|w|/4)^10", control="the bound 1/4^10", tolerance=1e-12
                    ),
                    "|w| <= 4": Theorem("the gradient does not grow", control="weights without sigmoids"),
                    "|w| > 4": Counterexample("the gradient does not grow"),
                }
            ),
            measure=shrinking_by_weight,
            topic="Numbers below 1 multiplied always shrink",
            predicted={"at most |w|/4 per layer": "holds", "|w| <= 4": "holds", "|w| > 4": "refuted"},
            source="each layer multiplies by w s (1 - s), at most |w| / 4",
        ),
    ),
    tables=(TRIALS,),
)
