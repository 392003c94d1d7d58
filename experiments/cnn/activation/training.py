"""Deep networks trained: every learning rate, the one that validation chose, and the signal in its layers."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean
from typing import TYPE_CHECKING, Any

from experiments.cnn import arms
from experiments.cnn.activation.setup import Networks
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, Trace, observation

if TYPE_CHECKING:
    from experiments.foundation.networks.budget import Fit


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


def columns(networks: Networks, name: str, fit: Fit) -> dict[str, Any]:
    """Those of an ArmRow."""
    activation, init = networks.arms[name]
    return {"activation": activation, "init": init, **arms.fitted(name, fit, networks)}


def run_sweep(networks: Networks) -> Iterator[Event]:
    from experiments.cnn.core.activation_network import dead_shares

    images = networks.split.train.inputs[:500]
    for done, (name, arm) in enumerate(networks.arms.items()):
        yield Progress(f"training, {name}", done, len(networks.arms))
        found = networks.tuned(arm)
        for fit, network in zip(found.tuned.fits, found.networks, strict=True):
            yield SweepRow(
                chosen=fit is found.best[0],
                dead_share=fmean(dead_shares(network, images)),
                chance=1 / networks.split.classes,
                **columns(networks, name, fit),
            )


def run_tuned(networks: Networks) -> Iterator[Event]:
    from experiments.foundation.networks.budget import smoothed

    lines = []
    for name, arm in networks.arms.items():
        fit, _ = networks.tuned(arm).best
        tested: dict[str, Any] = {"train_accuracy": fit.train_accuracy, "test_accuracy": fit.test_accuracy}
        yield TunedRow(**tested, **columns(networks, name, fit))
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


SWEEP = Part(
    name="sweep",
    row=SweepRow,
    run=run_sweep,
    tables=(Table("By learning rate", ("arm", "lr"), ("validation_accuracy", "train_loss", "diverged", "dead_share")),),
    curves=(
        arms.SWEEP_CURVE,
        Curve("dead_channels_by_learning_rate", "lr", "dead_share", "arm", x_scale="log", only={"activation": "relu"}),
    ),
)
TUNED = Part(
    name="training",
    row=TunedRow,
    run=run_tuned,
    tables=(Table("Tuned", ("arm", "init"), ("test_accuracy", "train_accuracy", "train_loss", "diverged", "lr")),),
)
LAYERS = Part(
    name="layers",
    row=LayerRow,
    run=run_layers,
    curves=(Curve("trained_signal_by_layer", "layer", "mean_square", "activation", y_scale="log"),),
)
