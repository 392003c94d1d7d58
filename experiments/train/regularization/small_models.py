"""Polynomials on a noisy sine, whose least error is known; and dropout beside the penalty that it is said to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.foundation.statements.trials import TrialRow, instances_by_case
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Counterexample, Ratio, Theorem, Under
from experiments.train.regularization.setup import Images


@observation
class PolynomialRow(Row):
    noise: str
    """Little or much."""
    degree: int
    bayes_error: float
    """Variance of the noise: no function has a lower error."""
    train_error: float
    test_error: float


def run(images: Images) -> Iterator[PolynomialRow]:
    import numpy as np

    from experiments.train.core.polynomials import fit_polynomial

    for noise, sigma in (("little", 0.2), ("much", 2.0)):
        for degree in images.params.degrees:
            train, test = fit_polynomial(degree, images.params.points, sigma, np.random.default_rng(images.seed))
            yield PolynomialRow(noise=noise, degree=degree, bayes_error=sigma**2, train_error=train, test_error=test)


def diagnoses(rows: Sequence[PolynomialRow]) -> Mapping[str, Pairs]:
    """Training error over the least possible one, test over training error."""
    lowest, highest = (pick(row.degree for row in rows) for pick in (min, max))

    def errors(column: str, noise: str, degree: int) -> Mapping[int, float]:
        return by_seed(rows, column, noise=noise, degree=degree)

    def above_noise(noise: str) -> Pairs:
        return Pairs(errors("train_error", noise, lowest), errors("bayes_error", noise, lowest))

    return {
        "the lowest degree misses the sine": above_noise("little"),
        "the highest degree follows the noise": Pairs(
            errors("test_error", "little", highest), errors("train_error", "little", highest)
        ),
        "the lowest degree in much noise": above_noise("much"),
    }


def best_degree(rows: Sequence[PolynomialRow]) -> str:
    """What the curve shows."""
    error = {at: mean(rows, "test_error", noise="little", degree=at) for at in sorted({row.degree for row in rows})}
    best = min(error, key=lambda degree: error[degree])
    first, *_, last = error
    return (
        f"Degree {best} has the least test error, {number(error[best])}; degree {first} {number(error[first])}, "
        f"degree {last} {number(error[last])}"
    )


PART = Part(
    name="polynomials",
    row=PolynomialRow,
    run=run,
    claims=(
        Claim(
            "errors_diagnose_the_fit",
            statement="A large training error means underfitting; a small one beside a large test error, overfitting.",
            rule=Under(
                {
                    "the lowest degree misses the sine": Ratio("training error / variance of the noise", at_least=1.5),
                    "the highest degree follows the noise": Ratio("test / training error", at_least=3.0),
                    "the lowest degree in much noise": Ratio("training error / variance of the noise", at_least=1.5),
                }
            ),
            measure=diagnoses,
            topic="Underfitting and overfitting",
            predicted={
                "the lowest degree misses the sine": "holds",
                "the highest degree follows the noise": "holds",
                "the lowest degree in much noise": "refuted",
            },
            source="Hastie, Tibshirani and Friedman 2009: no error is below the noise's variance",
        ),
    ),
    tables=(
        Table(
            title="Polynomials on a noisy sine",
            by=("noise", "degree"),
            columns=("bayes_error", "train_error", "test_error"),
        ),
    ),
    curves=(Curve("polynomials", "degree", "test_error", "noise", y_scale="log", title=best_degree),),
)


LINEAR = "a linear model in the mean over masks"
NETWORK = "one network in several passes"


def run_penalty(images: Images) -> Iterator[TrialRow]:
    """Of a linear model an adaptive L2 penalty, for which a plain one, the control, is off; of a network the spread
    of the loss, which a term of weights and data alone would not have."""
    import torch

    from experiments.train.core.dropout_schedules import dropout_loss_exactly, dropout_penalty
    from experiments.train.core.perceptron import perceptron

    torch.manual_seed(images.seed)
    inputs = torch.randn(30, 6, dtype=torch.float64) * torch.arange(1, 7)
    weights, targets = torch.randn(6, dtype=torch.float64), torch.randn(30, dtype=torch.float64)
    averaged = dropout_loss_exactly(inputs, targets, weights, 0.3)
    plain = (inputs @ weights - targets).square().mean()
    error, control = (
        float((plain + penalty - averaged).abs() / averaged) for penalty in dropout_penalty(inputs, weights, 0.3)
    )
    yield TrialRow(statement="penalty", case=LINEAR, error=error, control_error=control)
    network, labels = perceptron((6, 20, 3), dropout=0.3), torch.randint(3, (30,))
    with torch.no_grad():
        losses = torch.stack([torch.nn.functional.cross_entropy(network(inputs.float()), labels) for _ in range(5)])
    spread = float((losses.max() - losses.min()) / losses.mean())
    yield TrialRow(statement="penalty", case=NETWORK, error=spread)


PENALTY = Part(
    name="penalty",
    row=TrialRow,
    run=run_penalty,
    claims=(
        Claim(
            "dropout_is_a_term_of_the_loss",
            statement="Dropout is a regularization term of the loss.",
            rule=Under(
                {
                    LINEAR: Theorem("relative difference from an adaptive L2", control="a plain one", tolerance=1e-12),
                    NETWORK: Counterexample("one loss for one network and one batch"),
                }
            ),
            measure=instances_by_case("penalty"),
            topic="Dropout as a term of the loss",
            predicted={LINEAR: "holds", NETWORK: "refuted"},
            source="Wager, Wang and Liang 2013",
        ),
    ),
    tables=(Table(title="Dropout as a penalty", by=("case",), columns=("error", "control_error")),),
)
