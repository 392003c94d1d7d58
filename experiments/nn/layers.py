"""What does each layer of a neural network really compute?

Neurons, fully connected layers, convolutions, dropout, batch normalization and containers of torch against formulas of
numpy and scipy; then deep perceptrons with and without batch normalization, and perceptrons on random labels.

Notes: neurons, weights, biases, activations (002:84-97); layers of torch.nn (002:101-114); dropout (004:11-12).
Source: Ioffe, Szegedy: Batch Normalization, 2015; Santurkar et al.: How Does Batch Normalization Help Optimization?,
2018; Srivastava et al.: Dropout, JMLR 2014; Zhang et al.: Understanding Deep Learning Requires Rethinking
Generalization, 2017; documentation of torch.nn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.foundation.networks.rates import best_rate
from experiments.foundation.statements.instances import NAN, InstanceRow, judge_instances, select
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Progress, Table
from experiments.lab.judge.claims import (
    Claim,
    Comparison,
    by_seed,
    conditional,
    equivalence,
    proportion,
    ratio,
    undecided,
)

if TYPE_CHECKING:
    from experiments.foundation.networks.split import Split

ROUNDING = 1e-10
"""Sums of up to a thousand terms of order 1 in float64."""
STANDARD = 1e-3
"""Batch normalization adds eps = 1e-5 to the variance, of which the smallest on normal batches is above 0.1."""
Initialization = Literal["default", "he", "xavier"]


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    depth: Annotated[int, Field(ge=1, le=50)] = 3
    """Hidden layers."""
    width: Annotated[int, Field(ge=2, le=1024)] = 16
    """Units of a hidden layer."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 5
    """Random instances of every statement about a layer; a tenth as many, at least 3, of exclusive or."""
    p: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Probability that dropout drops."""
    init: Annotated[tuple[Initialization, ...], Field(min_length=1)] = ("default", "he")
    """Initial weights of the perceptrons with and without batch normalization."""
    bn_lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=100)], ...], Field(min_length=1)] = (0.03, 0.1, 0.3)
    """Learning rates of gradient descent that both try."""
    bn_steps: Annotated[int, Field(ge=10, le=100_000)] = 30
    """Batches of such a training."""
    bn_target: Annotated[float, Field(gt=0)] = 0.3
    """Training loss to reach, averaged over ten batches."""
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 64
    """Images of such a batch."""
    train_images: Annotated[int, Field(ge=20, le=50_000)] = 500
    """Images to train on."""
    random_labels: Annotated[int, Field(ge=10, le=5000)] = 50
    """Images that get random labels."""
    networks: Annotated[int, Field(ge=1, le=100)] = 2
    """Perceptrons on random labels, each with its own labels."""
    memory_width: Annotated[int, Field(ge=2, le=1024)] = 64
    """Units of each of their two hidden layers."""
    memory_lr: Annotated[float, Field(gt=0, le=1)] = 0.003
    """Their learning rate of Adam."""
    memory_steps: Annotated[int, Field(ge=1, le=100_000)] = 60
    """Batches of 50 images of their training."""
    dataset: Literal["auto", "digits", "mnist", "fashion"] = "digits"
    """Images of the trainings."""


@dataclass(frozen=True, kw_only=True)
class Row(InstanceRow):
    dropped_share: float = NAN
    mean_output: float = NAN
    """Of dropout on ones."""
    batch_norm: bool = False
    lr: float = NAN
    steps_to_target: float = NAN
    """First step at which the training loss is below the target; all steps where it never is."""
    reached: bool = False
    train_accuracy: float = NAN
    dataset: str = "generated"


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import image_split
    from experiments.nn.core import layer_study

    data = load_images(params.dataset, seed=seed)
    images = max(params.train_images, params.random_labels)
    split = image_split(data, train=images, validation=0, test=min(1000, len(data.test_labels)), seed=seed)
    yield Note(data.description)
    size = {"depth": params.depth, "width": params.width}
    for tried in layer_study.contract_trials(params.trials, **size, p=params.p, seed=seed):
        yield Row(**asdict(tried))
    share, mean = layer_study.dropout_on_ones(100_000, params.p, seed)
    yield Row(part="dropout on ones", case=f"p = {params.p:g}", dropped_share=share, mean_output=mean)
    yield Progress("trainings", 1, 3)
    yield from _trained(params, split, data.name, seed)
    yield Progress("random labels", 2, 3)
    case = f"{params.random_labels} images"
    for accuracy in _memorized(params, split, seed):
        yield Row(part="random labels", case=case, train_accuracy=accuracy, dataset=data.name)


def _trained(params: Params, split: Split, dataset: str, seed: int) -> Iterator[Row]:
    """Perceptrons with and without batch normalization at every learning rate."""
    from experiments.foundation.networks.budget import Budget
    from experiments.nn.core.layer_study import batch_norm_trainings

    budget = Budget(steps=params.bn_steps, batch_size=params.batch_size, momentum=0.0, target_loss=params.bn_target)
    for arm in batch_norm_trainings(
        split, budget, params.bn_lrs, inits=params.init, depth=params.depth, width=params.width, seed=seed
    ):
        yield Row(
            part="training",
            case=arm.init,
            batch_norm=arm.batch_norm,
            lr=arm.fit.lr,
            steps_to_target=arm.fit.steps_to_target,
            reached=arm.fit.reached,
            train_accuracy=arm.fit.train_accuracy,
            dataset=dataset,
        )


def _memorized(params: Params, split: Split, seed: int) -> list[float]:
    """Training accuracy of every network on random labels."""
    from experiments.foundation.networks.budget import Budget
    from experiments.nn.core.perceptrons import memorize

    budget = Budget(steps=params.memory_steps, batch_size=min(50, params.random_labels), optimizer="adam")
    hidden = (params.memory_width, params.memory_width)
    images = split.train.inputs[: params.random_labels]
    return memorize(images, split.classes, hidden, budget, networks=params.networks, lr=params.memory_lr, seed=seed)


def neuron_is_a_weighted_sum_and_an_activation(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "neuron"), ROUNDING)


def bias_is_the_threshold(rows: Sequence[Row]) -> Comparison:
    cases = ("threshold -b", "threshold b")
    return conditional({case: judge_instances(select(rows, "threshold", case)) for case in cases})


def depth_needs_nonlinearity(rows: Sequence[Row]) -> Comparison:
    return conditional(
        {
            "linear layers are one affine map": judge_instances(select(rows, "collapse"), ROUNDING),
            "no linear classifier solves exclusive or": judge_instances(select(rows, "xor")),
            "two ReLUs solve it": judge_instances(select(rows, "xor by ReLU")),
        }
    )


def linear_layer_is_nonlinear(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "nonlinear"))


def batch_norm_standardizes_in_training_only(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "batch norm"), STANDARD)


def batch_norm_speeds_up_training(rows: Sequence[Row]) -> Comparison:
    inits = dict.fromkeys(row.case for row in rows if row.part == "training")
    trained = {f"initial weights: {init}": _faster(rows, init) for init in inits}
    return conditional({**trained, "batches of one example": judge_instances(select(rows, "one example"))})


def _faster(rows: Sequence[Row], init: str) -> Comparison:
    """Steps without over steps with batch normalization, each at the rate with the fewest.

    An arm that never reaches the target has all steps at every rate, a lower bound; its grid has no best.
    """
    arms = [[r for r in select(rows, "training", init) if r.batch_norm is norm] for norm in (False, True)]
    rates = [best_rate((row.lr, -row.steps_to_target) for row in arm) for arm in arms]
    for arm, rate in zip(arms, rates, strict=True):
        if rate.at_edge and any(row.reached for row in arm):
            name = "with" if arm[0].batch_norm else "without"
            return undecided("effect", f"the best rate {name} batch normalization, {rate.lr:g}, is an edge of the grid")
    without, with_norm = (
        by_seed([row for row in arm if row.lr == rate.lr], lambda row: row.steps_to_target)
        for arm, rate in zip(arms, rates, strict=True)
    )
    return ratio(without, with_norm, at_least=1.25)


def dropout_rescales_what_it_keeps(rows: Sequence[Row]) -> Comparison:
    ones = [row for row in rows if row.part == "dropout on ones"]
    share, mean = by_seed(ones, lambda row: row.dropped_share), by_seed(ones, lambda row: row.mean_output)
    p = {seed: float(row.case.removeprefix("p = ")) for seed, row in ((row.seed, row) for row in ones)}
    cases = ("survivors are x / (1 - p)", "nothing happens in evaluation")
    return conditional(
        {
            **{case: judge_instances(select(rows, "dropout", case), ROUNDING) for case in cases},
            "a share p is zero": equivalence(share, p, margin=0.01),
            "the mean stays": equivalence(mean, dict.fromkeys(mean, 1.0), margin=0.01),
        }
    )


def dropout_leaves_the_rest_untouched(rows: Sequence[Row]) -> Comparison:
    cases = ("in training", "in evaluation")
    return conditional({case: judge_instances(select(rows, "rest untouched", case), ROUNDING) for case in cases})


def network_fits_random_labels(rows: Sequence[Row]) -> Comparison:
    fitted = [row.train_accuracy == 1 for row in select(rows, "random labels")]
    return proportion(sum(fitted), len(fitted), at_least=0.9)


def sequential_is_composition(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "sequential"))


def parameters_follow_closed_forms(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "parameters"))


def convolution_layer_is_a_cross_correlation(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "convolution"), ROUNDING)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="A neuron is an activation of the weighted sum of its inputs plus a bias.",
            notes="Neuron (002:90)",
            kind="theorem",
            rule="Five activations in numpy equal torch's within 1e-10; without bias they must differ.",
            predicted="holds",
            judge=neuron_is_a_weighted_sum_and_an_activation,
        ),
        Claim(
            statement="The bias is the threshold that the weighted sum has to exceed.",
            notes="Bias, threshold (002:91-92)",
            kind="conditional",
            rule="For b and for -b: the unit fires exactly where w . x exceeds it; a unit that always fires must fail.",
            predicted="conditional",
            judge=bias_is_the_threshold,
        ),
        Claim(
            statement="Without activations depth adds nothing, and exclusive or cannot be learned.",
            notes="Activation functions bring nonlinearity (002:93)",
            kind="conditional",
            rule="Linear layers equal one affine map within 1e-10, ReLU layers none; no linear classifier has more "
            "than 3 of 4 right, ReLU networks must; two ReLUs have all right, linear layers must not.",
            predicted="holds",
            judge=depth_needs_nonlinearity,
        ),
        Claim(
            statement="A fully connected layer is a nonlinear transformation.",
            notes="Fully connected layer (002:102)",
            kind="theorem",
            rule="nn.Linear breaks f(a x + (1 - a) y) = a f(x) + (1 - a) f(y) by more than 1e-10; x itself must not.",
            predicted="refuted",
            judge=linear_layer_is_nonlinear,
        ),
        Claim(
            statement="Batch normalization makes mean 0 and variance 1 of a batch in training, and uses running "
            "statistics in evaluation.",
            notes="Batch normalization (002:104)",
            kind="theorem",
            rule="Within 1e-3 of mean 0 and variance 1, and of the formula by hand; the other mode must not be.",
            predicted="holds",
            judge=batch_norm_standardizes_in_training_only,
        ),
        Claim(
            statement="Batch normalization speeds up the training of a deep network by a fifth, and always works.",
            notes="Batch normalization (002:104)",
            kind="conditional",
            rule="Per initial weights: steps to the target without / with it > 1.25, each at its best rate, undecided "
            "at an edge of the grid; a batch of one example is not refused.",
            predicted="conditional",
            judge=batch_norm_speeds_up_training,
        ),
        Claim(
            statement="Dropout zeroes a share p, divides the rest by 1 - p, keeps the mean and rests in evaluation.",
            notes="Dropout (002:105; 004:12)",
            kind="conditional",
            rule="Survivors and evaluation within 1e-10, the unscaled and training must differ; share of zeros is p, "
            "mean of ones is 1, within 0.01.",
            predicted="holds",
            judge=dropout_rescales_what_it_keeps,
        ),
        Claim(
            statement="Dropout sets some outputs to 0 and leaves the rest as it is.",
            notes="Dropout (002:105; 004:12)",
            kind="conditional",
            rule="In training and in evaluation: what is not 0 equals the input within 1e-10.",
            predicted="conditional",
            judge=dropout_leaves_the_rest_untouched,
        ),
        Claim(
            statement="A perceptron fits random labels without error.",
            notes="Neural networks fit any data (002:86)",
            kind="proportion",
            rule="Share of trainings with every training label right is at least 0.9.",
            predicted="holds",
            judge=network_fits_random_labels,
        ),
        Claim(
            statement="nn.Sequential computes what its layers compute one after the other.",
            notes="nn.Sequential (002:112-114)",
            kind="theorem",
            rule="Equal bit by bit; without the activation it must differ.",
            predicted="holds",
            judge=sequential_is_composition,
        ),
        Claim(
            statement="Linear, convolution, RNN, LSTM, GRU and transformer layers have the parameters of closed forms.",
            notes="Layers of torch.nn (002:101-111)",
            kind="theorem",
            rule="Equal counts for layers of random size; forms without bias must differ.",
            predicted="holds",
            judge=parameters_follow_closed_forms,
        ),
        Claim(
            statement="A convolution layer computes a cross-correlation, not a convolution.",
            notes="Convolution layer (002:108)",
            kind="theorem",
            rule="nn.Conv2d equals scipy's correlate2d within 1e-10; convolve2d must differ.",
            predicted="holds",
            judge=convolution_layer_is_a_cross_correlation,
        ),
    ),
    tables=(
        Table(
            title="Statements and their controls",
            by=("part", "case"),
            columns=("error", "control_error"),
            where=lambda row: row.error == row.error,
        ),
        Table(
            title="Dropout on ones",
            by=("case",),
            columns=("dropped_share", "mean_output"),
            where=lambda row: row.part == "dropout on ones",
        ),
        Table(
            title="Deep perceptrons with and without batch normalization",
            by=("case", "batch_norm", "lr"),
            columns=("steps_to_target", "reached", "train_accuracy"),
            where=lambda row: row.part == "training",
        ),
        Table(
            title="Accuracy on random training labels",
            by=("case",),
            columns=("train_accuracy",),
            where=lambda row: row.part == "random labels",
        ),
    ),
    curves=(
        Curve(
            name="steps_over_lr",
            x="lr",
            y="steps_to_target",
            group="batch_norm",
            x_scale="log",
            where=lambda row: row.part == "training" and row.case == "he",
        ),
    ),
)
