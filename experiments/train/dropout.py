"""Does dropout help early, against under-fitting, and late, against over-fitting?

Inverted dropout against its law; a small network that under-fits and a large one on few images that over-fits, each
trained without dropout, with it throughout, until the cutoff and from it on.

Notes: dropout, early and late (004:11-13); 002:105, 181.
Source: Liu et al., Dropout Reduces Underfitting, ICML 2023; Srivastava et al., Dropout, JMLR 15, 2014.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, by_seed, effect, theorem

if TYPE_CHECKING:
    from experiments.train.splits import Splits

NAN = float("nan")
Mode = Literal["none", "standard", "early", "late"]


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: Literal["digits", "fashion", "mnist"] = "digits"
    """Images."""
    modes: tuple[Mode, ...] = ("none", "standard", "early", "late")
    """When dropout is on: never, always, until the cutoff, from it on."""
    p: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Dropout rate where the network under-fits."""
    overfit_p: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Dropout rate where it over-fits."""
    cutoff: Annotated[float, Field(gt=0, lt=1)] = 0.4
    """Share of the updates behind which early dropout ends and late dropout begins."""
    underfit_width: Annotated[int, Field(ge=1, le=1024)] = 8
    """Hidden units of the network that under-fits."""
    underfit_images: Annotated[int, Field(ge=10, le=60_000)] = 300
    """Its training images."""
    underfit_steps: Annotated[int, Field(ge=2, le=100_000)] = 20
    """Its updates."""
    overfit_width: Annotated[int, Field(ge=1, le=4096)] = 32
    """Hidden units of the network that over-fits."""
    overfit_images: Annotated[int, Field(ge=10, le=60_000)] = 60
    """Its training images."""
    overfit_steps: Annotated[int, Field(ge=2, le=100_000)] = 20
    """Its updates."""
    test_images: Annotated[int, Field(ge=10, le=60_000)] = 300
    """Images for test."""
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 50
    """Images per update."""
    lr: Annotated[float, Field(gt=0, le=1)] = 3e-3
    """Learning rate of Adam."""
    law_entries: Annotated[int, Field(ge=1000, le=10_000_000)] = 100_000
    """Entries on which the law of dropout is checked."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """law or training."""
    case: str
    """underfit or overfit; the property of the law."""
    mode: str
    error: float = NAN
    """Of the law: distance in standard errors for a mean, absolute for a value."""
    control_error: float = NAN
    train_loss: float = NAN
    """Cross entropy in nats, measured without dropout."""
    test_accuracy: float = NAN
    test_loss: float = NAN
    direction_variance: float = NAN
    """Of batch gradients in the early phase: 0 they agree, 1/2 they are orthogonal."""


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.train.splits import split_images

    data = {
        case: split_images(params.dataset, seed, train=images, test=params.test_images)
        for case, images in (("underfit", params.underfit_images), ("overfit", params.overfit_images))
    }
    yield from law_rows(params, seed)
    yield from training_rows(params, data, seed)


def law_rows(params: Params, seed: int) -> Iterator[Row]:
    """Ours and torch's: the mean, the survivors and the eval mode; the control does not divide by 1 - p."""
    import torch

    from experiments.train.core.dropout_schedules import inverted_dropout

    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    p, n = params.overfit_p, params.law_entries
    ones = torch.ones(n, dtype=torch.float64)
    layer = torch.nn.Dropout(p)
    for mode, dropped in (("own", inverted_dropout(ones, p, rng)), ("torch", layer(ones))):
        standard_error = (p / (1 - p) / n) ** 0.5
        unscaled = dropped * (1 - p)
        yield Row(
            part="law",
            case="mean kept, in 5 standard errors",
            mode=mode,
            error=float((dropped.mean() - 1).abs()) / (5 * standard_error) - 1,
            control_error=float((unscaled.mean() - 1).abs()) / (5 * standard_error) - 1,
        )
        survivors, unscaled_survivors = dropped[dropped != 0], unscaled[unscaled != 0]
        yield Row(
            part="law",
            case="survivors are 1 / (1 - p)",
            mode=mode,
            error=float((survivors - 1 / (1 - p)).abs().max()),
            control_error=float((unscaled_survivors - 1 / (1 - p)).abs().max()),
        )
    kept, changed = layer.eval()(ones), layer.train()(ones)
    yield Row(
        part="law",
        case="identity in eval mode",
        mode="torch",
        error=float((kept - ones).abs().max()),
        control_error=float((changed - ones).abs().max()),
    )


def training_rows(params: Params, images: Mapping[str, Splits], seed: int) -> Iterator[Event]:
    from experiments.train.core.dropout_schedules import train_scheduled

    regimes = {
        "underfit": (params.underfit_width, params.underfit_steps, params.p),
        "overfit": (params.overfit_width, params.overfit_steps, params.overfit_p),
    }
    for case, (width, steps, p) in regimes.items():
        data = images[case]
        for number, mode in enumerate(params.modes):
            yield Progress(case, number, len(params.modes))
            outcome = train_scheduled(
                mode,
                (data.features, width, data.classes),
                (data.train.inputs, data.train.labels),
                (data.test.inputs, data.test.labels),
                p=p,
                cutoff=params.cutoff,
                lr=params.lr,
                batch_size=params.batch_size,
                steps=steps,
                seed=seed,
            )
            yield Row(
                part="training",
                case=case,
                mode=mode,
                train_loss=outcome.train_loss,
                test_accuracy=outcome.test_accuracy,
                test_loss=outcome.test_loss,
                direction_variance=outcome.direction_variance,
            )


def dropout_keeps_the_mean(rows: Sequence[Row]) -> Comparison:
    laws = [row for row in rows if row.part == "law"]
    return theorem(
        [max(0.0, row.error) for row in laws],
        tolerance=1e-12,
        control=[max(0.0, row.control_error) for row in laws],
    )


def early_dropout_lowers_the_training_loss(rows: Sequence[Row]) -> Comparison:
    def loss(row: Row) -> float:
        return row.train_loss

    return effect(_arm(rows, "underfit", "none", loss), _arm(rows, "underfit", "early", loss), delta=0.01)


def late_dropout_beats_standard_dropout(rows: Sequence[Row]) -> Comparison:
    def accuracy(row: Row) -> float:
        return row.test_accuracy

    return effect(_arm(rows, "overfit", "late", accuracy), _arm(rows, "overfit", "standard", accuracy), delta=0.003)


def dropout_calms_the_direction_of_gradients(rows: Sequence[Row]) -> Comparison:
    def variance(row: Row) -> float:
        return row.direction_variance

    return effect(_arm(rows, "underfit", "none", variance), _arm(rows, "underfit", "early", variance), delta=0.0)


def _arm(rows: Sequence[Row], case: str, mode: str, value: Callable[[Row], float]) -> dict[int, float]:
    return by_seed(rows, value, lambda row: row.part == "training" and (row.case, row.mode) == (case, mode))


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="Dropout keeps the mean, multiplies survivors by 1 / (1 - p) and is the identity in eval mode.",
            notes="Dropout (004:12, 002:105)",
            kind="theorem",
            rule="Mean within 5 standard errors, the rest within 1e-12; dropout without rescaling must fail.",
            predicted="holds",
            judge=dropout_keeps_the_mean,
        ),
        Claim(
            statement="Early dropout lowers the final training loss of an under-fitting network by 0.01 nats.",
            notes="Early dropout (004:13)",
            kind="effect",
            rule="Paired training loss, none minus early > 0.01, measured without dropout.",
            predicted="inconclusive",
            judge=early_dropout_lowers_the_training_loss,
        ),
        Claim(
            statement="Late dropout beats standard dropout by 0.3 points where a network over-fits.",
            notes="Late dropout (004:13)",
            kind="effect",
            rule="Paired test accuracy, late minus standard > 0.003.",
            predicted="inconclusive",
            judge=late_dropout_beats_standard_dropout,
        ),
        Claim(
            statement="In the early phase dropout lowers the variance of the gradient's direction.",
            notes="Early dropout (004:13)",
            kind="effect",
            rule="Paired variance of direction, without minus with dropout > 0.",
            predicted="inconclusive",
            judge=dropout_calms_the_direction_of_gradients,
        ),
    ),
    tables=(
        Table(
            title="Dropout by time",
            by=("case", "mode"),
            columns=("train_loss", "test_accuracy", "test_loss", "direction_variance"),
            where=lambda row: row.part == "training",
        ),
        Table(
            title="The law of dropout",
            by=("case", "mode"),
            columns=("error", "control_error"),
            where=lambda row: row.part == "law",
        ),
    ),
    curves=(
        Curve(
            name="losses",
            x="train_loss",
            y="test_loss",
            group="mode",
            where=lambda row: row.part == "training" and row.case == "overfit",
        ),
    ),
)
