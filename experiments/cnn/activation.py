"""What does an activation function change: its derivative, the size of the signal, and whether a deep network trains?

Derivatives and gains against closed forms and torch's; signals through random networks of twenty layers; and
convolutional networks that differ in the activation alone, each at the learning rate that validation chose.

Notes: activation functions (002:93, 103); derivative of the sigmoid (000:44-46).
Source: Glorot, Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010; He et al.,
Delving Deep into Rectifiers, 2015; Klambauer et al., Self-Normalizing Neural Networks, 2017.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.cnn import activation_trials as trials
from experiments.cnn.activation_claims import (
    a_large_learning_rate_kills_units,
    an_activation_raises_accuracy,
    derivatives_keep_their_ranges,
    sigmoid_does_not_train_where_relu_does,
    successors_are_as_accurate_as_relu,
    tanh_is_behind_relu,
    the_gain_keeps_the_signal_over_the_layers,
    torch_recommends_the_gain_that_preserves,
    units_are_alive_at_the_start,
    without_activation_layers_collapse,
)
from experiments.cnn.activation_trials import Row
from experiments.foundation.networks.choices import ImageSetName
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Table
from experiments.lab.judge.claims import Claim

Activation = Literal["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "selu"]
Initialization = Literal["auto", "default", "he", "xavier"]
Size = Annotated[int, Field(ge=10, le=60_000)]


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: ImageSetName = "digits"
    """Images; auto is MNIST where it is present or can be fetched, else digits."""
    activations: Annotated[tuple[Activation, ...], Field(min_length=1)] = ("relu", "sigmoid", "identity")
    """Activations of the networks that are trained."""
    depth: Annotated[int, Field(ge=1, le=50)] = 8
    """Convolutions of a network."""
    width: Annotated[int, Field(ge=1, le=256)] = 4
    """Channels of each."""
    init: Initialization = "auto"
    """Weights: auto is Xavier for sigmoid, tanh and identity, He for others; default is torch's."""
    same_inits: tuple[Initialization, ...] = ("default",)
    """Initializations at which ReLU and sigmoid are trained besides."""
    train_images: Size = 100
    """Training images, at most three quarters of those there are."""
    validation_images: Size = 50
    """Images by which the learning rate is chosen, at most a quarter of those for training."""
    test_images: Size = 50
    """Test images, at most all there are."""
    steps: Annotated[int, Field(ge=10, le=100_000)] = 12
    """Updates of Adam."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 16
    """Images per update."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=10)], ...], Field(min_length=3)] = (1e-3, 5e-3, 2e-2)
    """Learning rates of the sweep, the same for every arm."""
    biases: tuple[Annotated[float, Field(ge=-1000, le=1000)], ...] = (0.0, -10.0)
    """Biases of the ReLU units that are watched at the start."""
    units: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Those units, per bias and seed."""
    layers: Annotated[int, Field(ge=2, le=1000)] = 20
    """Layers of the random networks that a signal goes through."""
    propagation_width: Annotated[int, Field(ge=2, le=4096)] = 32
    """Units of each."""
    networks: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Number of those networks per seed."""
    law_trials: Annotated[int, Field(ge=1, le=10_000)] = 2
    """Random instances of each law."""


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import image_split

    data = load_images(params.dataset, seed=seed)
    there = len(data.train_labels)
    sizes = {
        "train": min(params.train_images, 3 * there // 4),
        "validation": min(params.validation_images, there // 4),
        "test": min(params.test_images, len(data.test_labels)),
    }
    task = trials.Task(params=params, split=image_split(data, **sizes, seed=seed), dataset=data.name)
    yield Note(f"{data.description}; taken: {', '.join(f'{size} for {part}' for part, size in sizes.items())}")
    yield from trials.law_rows(params.law_trials, params.depth, seed)
    yield from trials.propagation_rows(params, seed)
    yield from trials.start_rows(task, seed)
    yield from trials.trained_rows(task, seed)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="The derivative of the sigmoid lies in (0, 0.25], of tanh in (0, 1], of ReLU in {0, 1}; those of "
            "leaky ReLU and ELU are positive.",
            notes="Activation functions (002:93)",
            kind="theorem",
            rule="No value outside for |z| <= 15, by autograd; the derivative of GELU must leave every range.",
            predicted="holds",
            judge=derivatives_keep_their_ranges,
        ),
        Claim(
            statement="Without an activation a deep network is one affine map.",
            notes="Activations bring in nonlinearity (002:93)",
            kind="theorem",
            rule="Equal to its Jacobian's affine map up to 1e-12; with every other activation it must differ.",
            predicted="holds",
            judge=without_activation_layers_collapse,
        ),
        Claim(
            statement="The gain that torch recommends is the one that keeps a signal's mean square.",
            notes="Activation functions (002:93)",
            kind="conditional",
            rule="Per activation: calculate_gain is 1 / sqrt(E f(z)^2) to six decimals.",
            predicted="conditional",
            judge=torch_recommends_the_gain_that_preserves,
        ),
        Claim(
            statement="With torch's gain the signal keeps its size over twenty layers within a tenth.",
            notes="Activation functions (002:93)",
            kind="conditional",
            rule="Per activation: mean square in the last layer over that in the first, inside 1 +- 0.1.",
            predicted="conditional",
            judge=the_gain_keeps_the_signal_over_the_layers,
        ),
        Claim(
            statement="At the start 95 % of ReLU units are alive.",
            notes="ReLU (002:103)",
            kind="conditional",
            rule="Per bias: exact interval of the share of units that some training image wakes, against 0.95.",
            predicted="conditional",
            judge=units_are_alive_at_the_start,
        ),
        Claim(
            statement="At the largest learning rate a tenth more of the channels of a ReLU network are dead.",
            notes="ReLU (002:103)",
            kind="effect",
            rule="Share of dead channels at the largest rate - that at the tuned rate > 0.1.",
            predicted="holds",
            judge=a_large_learning_rate_kills_units,
        ),
        Claim(
            statement="A network of eight convolutions trains with ReLU and not with sigmoid: ten points apart.",
            notes="Vanishing gradients (000:44-46), ReLU (002:103)",
            kind="conditional",
            rule="Per initialization, tuned: test accuracy ReLU - sigmoid > 0.1.",
            predicted="holds",
            judge=sigmoid_does_not_train_where_relu_does,
        ),
        Claim(
            statement="Tanh is a point less accurate than ReLU.",
            notes="Activation functions (002:93)",
            kind="effect",
            rule="Tuned: test accuracy ReLU - tanh > 0.01.",
            predicted="holds",
            judge=tanh_is_behind_relu,
        ),
        Claim(
            statement="An activation raises accuracy: ReLU is two points ahead of none.",
            notes="Activations bring in nonlinearity (002:93)",
            kind="effect",
            rule="Tuned: test accuracy ReLU - identity > 0.02.",
            predicted="holds",
            judge=an_activation_raises_accuracy,
        ),
        Claim(
            statement="What came after ReLU is as accurate within two points.",
            notes="Activation functions (002:93)",
            kind="conditional",
            rule="Per activation, tuned: difference of test accuracy to ReLU inside +-0.02.",
            predicted="holds",
            judge=successors_are_as_accurate_as_relu,
        ),
    ),
    tables=(
        Table(
            title="Trained at the rate that validation chose",
            by=("case", "init"),
            columns=("test_accuracy", "train_accuracy", "train_loss", "diverged", "lr"),
            where=lambda row: row.part == "trained",
        ),
        Table(
            title="Validation accuracy by learning rate, and dead channels of ReLU",
            by=("case", "lr"),
            columns=("validation_accuracy", "train_loss", "diverged", "dead_share"),
            where=lambda row: row.part == "sweep",
        ),
        Table(
            title="Gains: torch's, and the one that keeps the mean square",
            by=("activation",),
            columns=("torch_gain", "preserving_gain"),
            where=lambda row: row.part == "gain",
        ),
        Table(
            title="Dense ReLU units that no image wakes at the start",
            by=("bias",),
            columns=("units", "dead_units"),
            where=lambda row: row.part == "start",
        ),
        Table(
            title="Laws and their controls",
            by=("part", "case"),
            columns=("error", "control_error"),
            where=lambda row: row.part in ("range", "linear"),
        ),
    ),
    curves=(
        Curve(
            name="signal_by_layer",
            x="layer",
            y="mean_square",
            group="case",
            y_scale="log",
            where=lambda row: row.part == "propagation",
        ),
        Curve(
            name="trained_signal_by_layer",
            x="layer",
            y="mean_square",
            group="case",
            y_scale="log",
            where=lambda row: row.part == "layer",
        ),
        Curve(
            name="accuracy_by_learning_rate",
            x="lr",
            y="validation_accuracy",
            group="case",
            x_scale="log",
            where=lambda row: row.part == "sweep",
        ),
        Curve(
            name="dead_channels_by_learning_rate",
            x="lr",
            y="dead_share",
            group="case",
            x_scale="log",
            where=lambda row: row.part == "sweep" and row.activation == "relu",
        ),
    ),
)
