"""Deep networks trained: every learning rate, the one that validation chose, and the signal in its layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from statistics import fmean

from experiments.cnn import arms
from experiments.cnn.activation.setup import Networks
from experiments.foundation.networks.tuning import untuned
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Rows, Table, Trace, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Equivalence

SUCCESSORS = ("leaky_relu", "elu", "gelu", "silu", "selu")
"""What came after ReLU."""
Difference = Pairs | NotMeasured | Undecided


@observation
class ArmRow(arms.FitRow):
    activation: str
    init: str


@observation
class SweepRow(ArmRow):
    """One learning rate of one arm."""

    chosen: bool
    """Whether validation chose it."""
    dead_share: float
    """Share of channels that are above 0 at no place of any image, mean over layers; of a ReLU they are dead."""
    chance: float
    """One over the number of classes."""


@observation
class TunedRow(ArmRow):
    """One arm at the learning rate that validation chose."""

    train_accuracy: float
    test_accuracy: float


@observation
class LayerRow(Row):
    """One layer of a network at the learning rate that validation chose."""

    activation: str
    layer: int
    mean_square: float
    """Of its outputs."""
    dead_share: float
    """Share of channels that are above 0 at no place of any image."""
    dataset: str


def run_sweep(networks: Networks) -> Iterator[Event]:
    from experiments.cnn.core.activation_network import dead_shares

    images = networks.split.train.inputs[:500]
    for done, (name, arm) in enumerate(networks.arms.items()):
        yield Progress(f"training, {name}", done, len(networks.arms))
        found = networks.tuned(arm)
        for fit, network in zip(found.tuned.fits, found.networks, strict=True):
            yield SweepRow(
                activation=arm[0],
                init=arm[1],
                chosen=fit is found.best[0],
                dead_share=fmean(dead_shares(network, images)),
                chance=1 / networks.split.classes,
                **arms.fitted(name, fit, networks),
            )


def run_tuned(networks: Networks) -> Iterator[Event]:
    from experiments.foundation.networks.budget import smoothed

    lines = []
    for name, arm in networks.arms.items():
        fit, _ = networks.tuned(arm).best
        yield TunedRow(
            activation=arm[0],
            init=arm[1],
            train_accuracy=fit.train_accuracy,
            test_accuracy=fit.test_accuracy,
            **arms.fitted(name, fit, networks),
        )
        known = [(float(step), loss) for step, loss in enumerate(smoothed(fit.losses), start=1) if loss == loss]
        if known and name == arm[0]:
            lines.append((name, tuple(step for step, _ in known), tuple(loss for _, loss in known)))
    yield Trace(name="training_loss", x="step", y="train_loss", lines=tuple(lines))


def run_layers(networks: Networks) -> Iterator[LayerRow]:
    from experiments.cnn.core.activation_network import dead_shares, mean_squares

    images = networks.split.train.inputs[:500]
    for name, arm in networks.arms.items():
        if name == arm[0]:
            _, network = networks.tuned(arm).best
            measured = zip(mean_squares(network, images), dead_shares(network, images), strict=True)
            for layer, (square, share) in enumerate(measured, start=1):
                yield LayerRow(
                    activation=name, layer=layer, mean_square=square, dead_share=share, dataset=networks.split.name
                )


def why_untuned(rows: Rows, *names: str) -> NotMeasured | Undecided | None:
    """Why these arms are not compared.

    An arm that stays below twice the chance at every rate has no best one, so nothing is at an edge.
    """
    chosen = arms.tuned(rows.of(SWEEP), names, "activations")
    if isinstance(chosen, NotMeasured):
        return chosen
    reason = untuned(*(best for best in chosen.values() if best.score >= 2 * best.rows[0].chance))
    return Undecided(reason) if reason else None


def accuracy(first: str, second: str) -> Callable[[Rows], Difference]:
    """Test accuracy of two tuned arms."""

    def measure(rows: Rows) -> Difference:
        of_arms = (by_seed(rows.of(TUNED), "test_accuracy", arm=name) for name in (first, second))
        return why_untuned(rows, first, second) or Pairs(*of_arms)

    return measure


def at_the_same_initialization(rows: Rows) -> Mapping[str, Difference] | NotMeasured:
    """Test accuracy of ReLU and of sigmoid."""
    names = {(row.activation, row.init): row.arm for row in rows.of(TUNED)}
    found = {
        "each with its own initialization" if init == "auto" else f"both with {init}": accuracy(
            names.get(("relu", init), "relu"), arm
        )(rows)
        for (activation, init), arm in names.items()
        if activation == "sigmoid"
    }
    return found or NotMeasured("needs relu and sigmoid among the activations")


def successors(rows: Rows) -> Mapping[str, Difference] | NotMeasured:
    there = {row.arm for row in rows.of(TUNED)}
    found = {name: accuracy(name, "relu")(rows) for name in SUCCESSORS if name in there}
    return found or NotMeasured(f"needs one of {', '.join(SUCCESSORS)} among the activations")


def dead_channels(rows: Rows) -> Difference:
    """Of ReLU, at the largest learning rate and at the one that validation chose."""
    if reason := why_untuned(rows, "relu"):
        return reason
    largest = max(row.lr for row in rows.of(SWEEP))
    return Pairs(
        by_seed(rows.of(SWEEP), "dead_share", arm="relu", lr=largest),
        by_seed(rows.of(SWEEP), "dead_share", arm="relu", chosen=True),
    )


SWEEP = Part(
    name="sweep",
    row=SweepRow,
    run=run_sweep,
    tables=(
        Table(
            "Validation accuracy by learning rate, and channels that are never above 0",
            by=("arm", "lr"),
            columns=("validation_accuracy", "train_loss", "diverged", "dead_share"),
        ),
    ),
    curves=(
        arms.SWEEP_CURVE,
        Curve("dead_channels_by_learning_rate", "lr", "dead_share", "arm", x_scale="log", only={"activation": "relu"}),
    ),
)
TUNED = Part(
    name="training",
    row=TunedRow,
    run=run_tuned,
    tables=(
        Table(
            "Trained at the rate that validation chose",
            by=("arm", "init"),
            columns=("test_accuracy", "train_accuracy", "train_loss", "diverged", "lr"),
        ),
    ),
)
LAYERS = Part(
    name="layers",
    row=LayerRow,
    run=run_layers,
    curves=(Curve("trained_signal_by_layer", "layer", "mean_square", "activation", y_scale="log"),),
)
CLAIMS = (
    Claim(
        "a_large_learning_rate_kills_units",
        statement="At the largest learning rate a tenth more of the channels of a ReLU network are dead.",
        rule=Effect("share of dead channels at the largest rate - that at the tuned rate", delta=0.1),
        measure=dead_channels,
        topic="ReLU (002:103)",
        predicted="holds",
        source="pilot",
    ),
    Claim(
        "sigmoid_does_not_train_where_relu_does",
        statement="ReLU beats sigmoid by at least ten points of test accuracy in a network of eight convolutions.",
        rule=Each(Effect("tuned: test accuracy of ReLU - sigmoid", delta=0.1), per="initialization"),
        measure=at_the_same_initialization,
        topic="Vanishing gradients (000:44-46), ReLU (002:103)",
        predicted="holds",
        source="Glorot and Bengio 2010: deep sigmoid networks saturate",
    ),
    Claim(
        "tanh_is_behind_relu",
        statement="Tanh is a point less accurate than ReLU.",
        rule=Effect("tuned: test accuracy of ReLU - tanh", delta=0.01),
        measure=accuracy("relu", "tanh"),
        topic="Activation functions (002:93)",
        predicted="holds",
        source="pilot",
    ),
    Claim(
        "an_activation_raises_accuracy",
        statement="An activation raises accuracy: ReLU is two points ahead of none.",
        rule=Effect("tuned: test accuracy of ReLU - identity", delta=0.02),
        measure=accuracy("relu", "identity"),
        topic="Activations bring in nonlinearity (002:93)",
        predicted="holds",
        source="a network without activation is a linear classifier",
    ),
    Claim(
        "successors_are_as_accurate_as_relu",
        statement="Newer activations match ReLU to within two points of test accuracy.",
        rule=Each(Equivalence("tuned: test accuracy - that of ReLU", margin=0.02), per="activation"),
        measure=successors,
        topic="Activation functions (002:93)",
        predicted="holds",
        source="pilot",
    ),
)
"""They need the sweep, to tell whether the arms are tuned, and the tuned networks."""
