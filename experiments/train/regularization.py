"""How are under-fitting and over-fitting told, and which remedy helps by how much?

Polynomials on a sine whose least error is known; a network on few digits with wrong labels, every remedy at a strength
chosen by validation; and dropout beside the penalty that it is said to be.

Notes: under-fitting and over-fitting (002:164-183); regularization and dropout (004:12, 29).
Source: Wager, Wang, Liang, Dropout Training as Adaptive Regularization, NeurIPS 2013; Srivastava et al., Dropout, JMLR
15, 2014; Prechelt, Early Stopping - But When?, 1998.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, effect, ratio, theorem, undecided

if TYPE_CHECKING:
    from experiments.train.splits import Splits

NAN = float("nan")
Strengths = Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=2)]


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: Literal["digits", "fashion", "mnist"] = "digits"
    """Images."""
    labels: Annotated[int, Field(ge=10, le=10_000)] = 50
    """Training images; more_data has four times as many."""
    label_noise: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Share of their labels that is wrong; validation and test labels are right."""
    held_out: Annotated[int, Field(ge=10, le=10_000)] = 100
    """Validation images; three times as many for test."""
    width: Annotated[int, Field(ge=1, le=1024)] = 32
    """Hidden units."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Updates of Adam on full batches."""
    l2: Strengths = (0.1, 1.0)
    """Weight decay of AdamW."""
    l1: Strengths = (1e-4, 1e-3)
    """Factor of the sum of absolute weights."""
    dropout: Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field(min_length=2)] = (0.3, 0.6)
    """Dropout rates of the hidden layer."""
    augment: Strengths = (0.1, 0.3)
    """Standard deviations of the noise on pixels in [0, 1]."""
    small: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=2)] = (4, 16)
    """Widths."""
    degrees: Annotated[tuple[Annotated[int, Field(ge=1, le=60)], ...], Field(min_length=2)] = (1, 3, 9, 25)
    """Degrees of the polynomials; the first under-fits, the last over-fits."""
    points: Annotated[int, Field(ge=10, le=100_000)] = 40
    """Points that the polynomials are fitted to."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """polynomial, remedy or penalty."""
    case: str
    strength: float = NAN
    """Of the remedy; degree of the polynomial."""
    bayes_error: float = NAN
    """Variance of the noise: no function has a lower error."""
    train_error: float = NAN
    test_error: float = NAN
    train_accuracy: float = NAN
    validation_accuracy: float = NAN
    test_accuracy: float = NAN
    error: float = NAN
    control_error: float = NAN


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.train.splits import split_images

    data = split_images(
        params.dataset,
        seed,
        train=4 * params.labels,
        validation=params.held_out,
        test=3 * params.held_out,
    )
    yield from polynomial_rows(params, seed)
    yield from penalty_rows(seed)
    yield from remedy_rows(params, data, seed)


def polynomial_rows(params: Params, seed: int) -> Iterator[Row]:
    import numpy as np

    from experiments.train.core.polynomials import fit_polynomial

    for case, sigma in (("little noise", 0.2), ("much noise", 2.0)):
        for degree in params.degrees:
            fitted = fit_polynomial(degree, params.points, sigma, np.random.default_rng(seed))
            yield Row(
                part="polynomial",
                case=case,
                strength=degree,
                bayes_error=sigma**2,
                train_error=fitted.train_error,
                test_error=fitted.test_error,
            )


def penalty_rows(seed: int) -> Iterator[Row]:
    """Dropout on the inputs of a linear model, over all masks; and the loss of one network in several passes."""
    import torch

    from experiments.train.core import remedies
    from experiments.train.core.perceptron import perceptron

    torch.manual_seed(seed)
    inputs = torch.randn(30, 6, dtype=torch.float64) * torch.arange(1, 7)
    weights, targets = torch.randn(6, dtype=torch.float64), torch.randn(30, dtype=torch.float64)
    averaged = remedies.dropout_loss_exactly(inputs, targets, weights, 0.3)
    plain_loss = (inputs @ weights - targets).square().mean()
    errors = [
        float((plain_loss + penalty - averaged).abs() / averaged)
        for penalty in remedies.dropout_penalty(inputs, weights, 0.3)
    ]
    yield Row(part="penalty", case="linear model", error=errors[0], control_error=errors[1])
    network = perceptron((6, 20, 3), dropout=0.3)
    passes = remedies.losses_under_dropout(network, inputs.float(), torch.randint(3, (30,)), 5)
    spread = float((passes.max() - passes.min()) / passes.mean())
    yield Row(part="penalty", case="network", error=spread, control_error=spread)


def remedy_rows(params: Params, data: Splits, seed: int) -> Iterator[Event]:
    import torch

    from experiments.train.core.remedies import fit_with, with_wrong_labels

    n = params.labels
    rng = torch.Generator().manual_seed(seed)
    noisy = with_wrong_labels(data.train.labels, params.label_noise, data.classes, rng)
    arms: dict[str, tuple[float, ...]] = {
        "none": (0.0,),
        "l2": params.l2,
        "l1": params.l1,
        "dropout": params.dropout,
        "augment": params.augment,
        "small": params.small,
        "early_stop": (0.0,),
        "more_data": (0.0,),
    }
    for remedy, strengths in arms.items():
        yield Progress(f"remedy {remedy}", 0, 1)
        size = 4 * n if remedy == "more_data" else n
        for strength in strengths:
            fitted = fit_with(
                remedy,
                strength,
                (data.train.inputs[:size], noisy[:size]),
                (data.validation.inputs, data.validation.labels),
                (data.test.inputs, data.test.labels),
                classes=data.classes,
                width=params.width,
                steps=params.steps,
                seed=seed,
            )
            yield Row(
                part="remedy",
                case=remedy,
                strength=strength,
                train_accuracy=fitted.train_accuracy,
                validation_accuracy=fitted.validation_accuracy,
                test_accuracy=fitted.test_accuracy,
            )


def errors_diagnose_the_fit(rows: Sequence[Row]) -> Comparison:
    polynomials = [row for row in rows if row.part == "polynomial"]
    degrees = sorted({row.strength for row in polynomials})

    def column(name: str, case: str, degree: float) -> dict[int, float]:
        return by_seed(
            polynomials, lambda row: float(getattr(row, name)), lambda row: (row.case, row.strength) == (case, degree)
        )

    def above_bayes(case: str) -> Comparison:
        bayes = column("bayes_error", case, degrees[0])
        return ratio(column("train_error", case, degrees[0]), bayes, at_least=1.5)

    gap = [column(name, "little noise", degrees[-1]) for name in ("test_error", "train_error")]
    return conditional(
        {
            f"degree {degrees[0]:g} misses the sine: training error above 1.5 noise variances": above_bayes(
                "little noise"
            ),
            f"degree {degrees[-1]:g} follows the noise: test error above 3 training errors": ratio(
                gap[0], gap[1], at_least=3.0
            ),
            f"degree {degrees[0]:g} in much noise: training error above 1.5 noise variances": above_bayes("much noise"),
        }
    )


def capacity_mends_underfitting(rows: Sequence[Row]) -> Comparison:
    chosen = [row for row in rows if row.part == "polynomial" and row.case == "little noise"]
    degrees = sorted({row.strength for row in chosen})
    few, more = (
        by_seed([row for row in chosen if row.strength == degree], lambda row: row.train_error)
        for degree in degrees[:2]
    )
    return ratio(few, more, at_least=2.0)


def l2_helps(rows: Sequence[Row]) -> Comparison:
    return _helps(rows, "l2")


def l1_helps(rows: Sequence[Row]) -> Comparison:
    return _helps(rows, "l1")


def dropout_helps(rows: Sequence[Row]) -> Comparison:
    return _helps(rows, "dropout")


def augmentation_helps(rows: Sequence[Row]) -> Comparison:
    return _helps(rows, "augment")


def a_smaller_network_helps(rows: Sequence[Row]) -> Comparison:
    return _helps(rows, "small")


def more_data_help(rows: Sequence[Row]) -> Comparison:
    return _helps(rows, "more_data")


def early_stopping_helps(rows: Sequence[Row]) -> Comparison:
    return _helps(rows, "early_stop")


def _helps(rows: Sequence[Row], remedy: str) -> Comparison:
    """Against no remedy. Beyond the mild end of a grid lies no remedy, which was tried; beyond the strong end nothing
    was, so a best strength there is undecided (small: the mild end is the widest)."""
    chosen = [row for row in rows if row.part == "remedy" and row.case == remedy]
    strengths = sorted({row.strength for row in chosen}, reverse=remedy == "small")
    best = max(strengths, key=lambda s: fmean(row.validation_accuracy for row in chosen if row.strength == s))
    if len(strengths) > 1 and best == strengths[-1]:
        return undecided("effect", f"the best strength, {best:g}, lies on the strong edge of its grid")
    baseline = by_seed(rows, lambda row: row.test_accuracy, lambda row: row.case == "none")
    return effect(
        by_seed(chosen, lambda row: row.test_accuracy, lambda row: row.strength == best), baseline, delta=0.01
    )


def dropout_is_a_term_of_the_loss(rows: Sequence[Row]) -> Comparison:
    def part(case: str) -> Comparison:
        chosen = [row for row in rows if row.part == "penalty" and row.case == case]
        return theorem([row.error for row in chosen], tolerance=1e-12, control=[row.control_error for row in chosen])

    return conditional(
        {
            "linear model, in the mean over masks: an adaptive L2 penalty": part("linear model"),
            "network: a loss that depends on weights and data alone": part("network"),
        }
    )


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="A large training error tells under-fitting, a small one beside a large test error over-fitting.",
            notes="Under-fitting and over-fitting (002:165, 170)",
            kind="conditional",
            rule=(
                "Training error / noise variance > 1.5 for the lowest degree, in little and in much noise; test / "
                "training error > 3 for the highest."
            ),
            predicted="conditional",
            judge=errors_diagnose_the_fit,
        ),
        Claim(
            statement="More capacity halves the training error of an under-fitting model.",
            notes="Remedies for under-fitting (002:166-169)",
            kind="effect",
            rule="Paired ratio of training errors, lowest / next degree > 2.",
            predicted="holds",
            judge=capacity_mends_underfitting,
        ),
        Claim(
            statement="An L2 penalty raises test accuracy by at least a point.",
            notes="Regularization (002:172-175)",
            kind="effect",
            rule="Best strength by validation minus no remedy: test accuracy > 0.01; undecided at the strong edge.",
            predicted="holds",
            judge=l2_helps,
        ),
        Claim(
            statement="An L1 penalty raises test accuracy by at least a point.",
            notes="Regularization (002:172-174)",
            kind="effect",
            rule="Best strength by validation minus no remedy: test accuracy > 0.01; undecided at the strong edge.",
            predicted="holds",
            judge=l1_helps,
        ),
        Claim(
            statement="Dropout raises test accuracy by at least a point.",
            notes="Dropout (002:181, 004:12)",
            kind="effect",
            rule="Best strength by validation minus no remedy: test accuracy > 0.01; undecided at the strong edge.",
            predicted="holds",
            judge=dropout_helps,
        ),
        Claim(
            statement="Noise on the images raises test accuracy by at least a point.",
            notes="Data augmentation (002:179)",
            kind="effect",
            rule="Best strength by validation minus no remedy: test accuracy > 0.01; undecided at the strong edge.",
            predicted="holds",
            judge=augmentation_helps,
        ),
        Claim(
            statement="A smaller network raises test accuracy by at least a point.",
            notes="Lower complexity (002:180)",
            kind="effect",
            rule="Best width by validation minus the full width: test accuracy > 0.01; undecided at the smallest.",
            predicted="holds",
            judge=a_smaller_network_helps,
        ),
        Claim(
            statement="Four times the data raise test accuracy by at least a point.",
            notes="More data (002:178)",
            kind="effect",
            rule="Paired difference of test accuracy > 0.01.",
            predicted="holds",
            judge=more_data_help,
        ),
        Claim(
            statement="Early stopping raises test accuracy by at least a point.",
            notes="Early stopping (002:183)",
            kind="effect",
            rule="Weights of the best validation accuracy minus the last ones: test accuracy > 0.01.",
            predicted="holds",
            judge=early_stopping_helps,
        ),
        Claim(
            statement="Dropout is a regularization term of the loss.",
            notes="Regularization terms (002:172-176)",
            kind="conditional",
            rule=(
                "Relative difference <= 1e-12 between loss plus adaptive penalty and the mean over masks, which a "
                "plain penalty must miss; loss of one network equal in every pass."
            ),
            predicted="conditional",
            judge=dropout_is_a_term_of_the_loss,
        ),
    ),
    tables=(
        Table(
            title="Remedies",
            by=("case", "strength"),
            columns=("train_accuracy", "validation_accuracy", "test_accuracy"),
            where=lambda row: row.part == "remedy",
        ),
        Table(
            title="Polynomials on a noisy sine",
            by=("case", "strength"),
            columns=("bayes_error", "train_error", "test_error"),
            where=lambda row: row.part == "polynomial",
        ),
        Table(
            title="Dropout as a penalty",
            by=("case",),
            columns=("error", "control_error"),
            where=lambda row: row.part == "penalty",
        ),
    ),
    curves=(
        Curve(
            name="polynomials",
            x="strength",
            y="test_error",
            group="case",
            y_scale="log",
            where=lambda row: row.part == "polynomial",
        ),
    ),
)
