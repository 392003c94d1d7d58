"""Is the loss the metric, and does a smaller loss mean a more robust model?

Cross-entropy along trainings with clean and with noisy labels, read beside accuracy, calibration and accuracy on
corrupted images; five losses, each at its own learning rate; signs, curvature and pairs of models that losses misrank.

Notes: loss functions (000:10-20), losses and metrics (002:134-143).
Source: Guo et al.: On Calibration of Modern Neural Networks, ICML 2017; Hui, Belkin: Square Loss vs Cross-Entropy, ICLR
2021.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import nan
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import (
    Claim,
    Comparison,
    by_seed,
    conditional,
    effect,
    order,
    proportion,
    undecided,
)
from experiments.loss.judging import judge_instances
from experiments.loss.tuning import best_of_grid, mean, why_untuned

LossName = Literal["ce", "mse_logits", "mse_softmax", "mse_sigmoid", "hinge"]
HALF_A_POINT = 0.005


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: Literal["auto", "cifar10", "digits", "fashion", "mnist"] = "digits"
    """Images; "auto" is MNIST where it is there, else digits."""
    train_images: Annotated[int, Field(ge=50, le=60_000)] = 300
    """Images to train on at most; a fifth of them more for validation."""
    label_noise: Annotated[float, Field(gt=0, le=0.95)] = 0.3
    """Share of labels replaced in the noisy arm, for training and validation."""
    corruption: Literal["gauss", "salt", "shift"] = "gauss"
    """What happens to the corrupted test images."""
    severity: Annotated[float, Field(ge=0, le=1)] = 0.25
    """Deviation of the noise, share of the pixels, or a quarter of the pixels shifted by; values lie in [0, 1]."""
    widths: Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(min_length=1)] = (32, 32)
    """Hidden units per layer."""
    steps: Annotated[int, Field(ge=20, le=100_000)] = 100
    """Updates of 64 images along the trajectories; the tuned trainings take a third."""
    lr: Annotated[float, Field(gt=0, le=10)] = 3e-3
    """Learning rate of Adam along the trajectories."""
    repeats: Annotated[int, Field(ge=1, le=100)] = 1
    """Trajectories per seed, with their own first weights and noise."""
    losses: tuple[LossName, ...] = ("ce", "mse_logits", "mse_softmax", "mse_sigmoid", "hinge")
    """Losses to tune; "ce" is compared with the best of the others."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (1e-3, 1e-2)
    """Grid of learning rates, the same for every loss."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    arm: str
    """clean or noisy labels, the loss, or the instance."""
    dataset: str | None = None
    member: int = 0
    """Number of the training within the seed."""
    step: int = 0
    lr: float = nan
    train_loss: float = nan
    validation_accuracy: float = nan
    validation_nll: float = nan
    test_accuracy: float = nan
    corrupted_accuracy: float = nan
    test_nll: float = nan
    test_brier: float = nan
    test_ece: float = nan
    value: float = nan
    """What an instance measured."""
    error: float = nan
    control_error: float = nan
    witness: str = ""


def run(params: Params, seed: int) -> Iterator[Event]:
    import torch

    from experiments.loss.core.digits_study import trajectories, tuned
    from experiments.loss.core.properties import instances
    from experiments.loss.split import load_split

    rng = torch.Generator().manual_seed(seed)
    split, name, sentence = load_split(params, seed, rng)
    yield Note(sentence)
    for instance in instances(rng):
        yield Row(**asdict(instance))
    arms = ["clean", "noisy"] * params.repeats
    noise = [params.label_noise if arm == "noisy" else 0.0 for arm in arms]
    widths, steps = params.widths, params.steps
    every = max(steps // 20, 1)
    for found in trajectories(split, label_noise=noise, widths=widths, lr=params.lr, steps=steps, every=every, rng=rng):
        yield Row(part="trajectory", arm=arms[found.member], lr=params.lr, dataset=name, **asdict(found))
        if found.member == 0:
            yield Progress("trajectories", found.step, steps)
    for loss, lr, found in tuned(
        split, losses=params.losses, lrs=params.lrs, widths=widths, steps=max(steps // 3, 1), rng=rng
    ):
        yield Row(part="tuned", arm=loss, lr=lr, dataset=name, **asdict(found))


def select(rows: Sequence[Row], part: str, arm: str | None = None) -> list[Row]:
    return [row for row in rows if row.part == part and arm in (None, row.arm)]


def losses_are_never_negative(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "sign"))


def smaller_loss_is_more_robust(rows: Sequence[Row]) -> Comparison:
    found = select(rows, "trajectory", "noisy")
    steps = sorted({row.step for row in found})
    losses = [sum(row.train_loss for row in found if row.step == step) for step in steps]
    by_step = [by_seed([row for row in found if row.step == step], corrupted_accuracy) for step in steps]
    robust = {seed: [values[seed] for values in by_step] for seed in by_step[0]}
    return order(losses, robust, direction="falling")


def corrupted_accuracy(row: Row) -> float:
    return row.corrupted_accuracy


def trainings(rows: Sequence[Row], arm: str) -> dict[tuple[int, int], list[Row]]:
    """(seed, member) -> one training, by step."""
    found: dict[tuple[int, int], list[Row]] = {}
    for row in sorted(select(rows, "trajectory", arm), key=lambda row: row.step):
        found.setdefault((row.seed, row.member), []).append(row)
    return found


def shows_a_gap(training: Sequence[Row]) -> bool:
    """Between two readings, test NLL rises by 1 % and more while test accuracy does not fall."""
    pairs = ((a, b) for i, a in enumerate(training) for b in training[i + 1 :])
    return any(b.test_nll > 1.01 * a.test_nll and b.test_accuracy >= a.test_accuracy for a, b in pairs)


def likelihood_falls_while_accuracy_does_not(rows: Sequence[Row]) -> Comparison:
    parts = {}
    for arm in ("clean", "noisy"):
        shown = [shows_a_gap(training) for training in trainings(rows, arm).values()]
        parts[f"{arm} labels"] = proportion(sum(shown), len(shown), at_least=0.8)
    return conditional(parts)


def selection_by_accuracy_is_more_accurate(rows: Sequence[Row]) -> Comparison:
    parts = {}
    for arm in ("clean", "noisy"):
        found = trainings(rows, arm).values()
        by_metric = by_seed((max(t, key=lambda row: row.validation_accuracy) for t in found), test_accuracy)
        by_loss = by_seed((min(t, key=lambda row: row.validation_nll) for t in found), test_accuracy)
        parts[f"{arm} labels"] = effect(by_metric, by_loss, delta=HALF_A_POINT)
    return conditional(parts)


def test_accuracy(row: Row) -> float:
    return row.test_accuracy


def cross_entropy_is_the_best_loss(rows: Sequence[Row]) -> Comparison:
    """Learning rates and the best alternative are chosen by mean validation accuracy over the seeds."""
    found = select(rows, "tuned")
    best = best_of_grid(found, validation_accuracy)
    others = [loss for loss in best if loss != "ce"]
    if "ce" not in best or not others:
        return undecided("effect", "needs ce and another loss")
    rival = max(others, key=lambda loss: mean(best[loss], validation_accuracy))
    reason = why_untuned(found, [best["ce"], best[rival]])
    if reason is not None:
        return undecided("effect", reason)
    return effect(by_seed(best["ce"], test_accuracy), by_seed(best[rival], test_accuracy), delta=HALF_A_POINT)


def validation_accuracy(row: Row) -> float:
    return row.validation_accuracy


def accuracy_has_no_slope(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "flat"))


def training_problems_are_convex(rows: Sequence[Row]) -> Comparison:
    bent = [row.error for row in select(rows, "curvature", "one hidden layer")]
    cases = dict.fromkeys(row.arm for row in select(rows, "curvature"))
    return conditional({case: judge_instances(select(rows, "curvature", case), 1e-12, bent) for case in cases})


def smaller_loss_is_more_accurate(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "pair"))


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="A loss is never negative.",
            notes="loss functions (000:11)",
            kind="theorem",
            rule="holds iff no loss in use falls below 0 on any prediction",
            predicted="refuted",
            judge=losses_are_never_negative,
        ),
        Claim(
            statement="The smaller the training loss, the more accurate the model on corrupted images.",
            notes="loss and robustness (000:11)",
            kind="order",
            rule="along trainings with noisy labels accuracy falls as loss rises: rho >= 0.9 and Page's p < 0.01",
            predicted="refuted",
            judge=smaller_loss_is_more_robust,
        ),
        Claim(
            statement="The loss on test data rises while accuracy keeps or rises, in at least 80 % of trainings.",
            notes="a metric and another loss (000:12-18)",
            kind="conditional",
            rule="clean and noisy labels: exact interval of the share of trainings with such a stretch, rise >= 1 %",
            predicted="holds",
            judge=likelihood_falls_while_accuracy_does_not,
        ),
        Claim(
            statement="Choosing the step by validation accuracy beats choosing by validation loss by half a point.",
            notes="the loss of your metric (000:14-16)",
            kind="conditional",
            rule="clean and noisy labels: paired interval of the difference of test accuracy above 0.005, or below",
            predicted="conditional",
            judge=selection_by_accuracy_is_more_accurate,
        ),
        Claim(
            statement="Cross-entropy is half a point more accurate than the best other loss, each at its own rate.",
            notes="reasons against cross-entropy (000:17)",
            kind="effect",
            rule="paired interval of test accuracy above 0.005, or below; undecided at the edge of a grid",
            predicted="refuted",
            judge=cross_entropy_is_the_best_loss,
        ),
        Claim(
            statement="Accuracy has slope zero almost everywhere, so it cannot be descended.",
            notes="easier to optimize (000:20)",
            kind="theorem",
            rule="holds iff 1e-7 along random lines changes no accuracy; cross-entropy must change",
            predicted="holds",
            judge=accuracy_has_no_slope,
        ),
        Claim(
            statement="Training by a smooth loss is a convex problem.",
            notes="convex in some cases (000:20)",
            kind="conditional",
            rule="per model: no Hessian has an eigenvalue below -1e-12 of its largest; a hidden layer must have one",
            predicted="conditional",
            judge=training_problems_are_convex,
        ),
        Claim(
            statement="The loss computes the model's accuracy: of two models the one with less loss is no worse.",
            notes="loss and accuracy (002:134-135)",
            kind="theorem",
            rule="refuted by one pair of models",
            predicted="refuted",
            judge=smaller_loss_is_more_accurate,
        ),
    ),
    tables=(
        Table(
            title="Along the trainings",
            by=("arm", "step"),
            columns=("train_loss", "test_accuracy", "corrupted_accuracy", "test_nll", "test_ece"),
            where=lambda row: row.part == "trajectory",
        ),
        Table(
            title="Losses on one grid",
            by=("arm", "lr"),
            columns=("validation_accuracy", "test_accuracy", "test_nll", "test_brier"),
            where=lambda row: row.part == "tuned",
        ),
    ),
    curves=(
        Curve(
            name="robustness",
            x="train_loss",
            y="corrupted_accuracy",
            group="arm",
            where=lambda row: row.part == "trajectory",
        ),
        Curve(name="likelihood", x="step", y="test_nll", group="arm", where=lambda row: row.part == "trajectory"),
    ),
)
