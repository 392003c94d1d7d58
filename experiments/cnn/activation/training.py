"""Deep networks trained: every learning rate, and the one that validation chose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from experiments.cnn import arms
from experiments.cnn.activation.setup import Networks
from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Curve, Event, Part, Progress, Table, Trace, observation

RELU = ("relu", *(f"relu, {init} init" for init in ("default", "he", "xavier")))


@observation
class SweepRow(arms.FitRow):
    """One learning rate of one arm."""

    dead_share: float
    """Share of channels that are above 0 at no place of any image, mean over layers; of a ReLU they are dead."""
    chance: float
    """One over the number of classes."""


@observation
class TunedRow(arms.FitRow):
    """One arm at the learning rate that validation chose."""

    train_accuracy: float
    test_accuracy: float


def run_sweep(networks: Networks) -> Iterator[Event]:
    from experiments.cnn.core.activation_network import dead_shares

    images = networks.split.train.inputs[:500]
    for done, (name, arm) in enumerate(networks.arms.items()):
        yield Progress(f"training, {name}", done, len(networks.arms))
        found = networks.tuned(arm)
        for fit, network in zip(found.tuned.fits, found.networks, strict=True):
            yield SweepRow(
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
            train_accuracy=fit.train_accuracy, test_accuracy=fit.test_accuracy, **arms.fitted(name, fit, networks)
        )
        known = [(float(step), loss) for step, loss in enumerate(smoothed(fit.losses), start=1) if loss == loss]
        if known and "," not in name:
            lines.append((name, tuple(step for step, _ in known), tuple(loss for _, loss in known)))
    ends = sorted((losses[-1], name) for name, _, losses in lines)
    title = f"The training loss ends lowest with {ends[0][1]}, {number(ends[0][0], 2)}" if ends else ""
    yield Trace(name="training_loss", x="step", y="train_loss", lines=tuple(lines), title=title)


def dead_by_rate(rows: Sequence[SweepRow]) -> str:
    rates = sorted({row.lr for row in rows})
    low, high = (percent(mean(rows, "dead_share", arm="relu", lr=lr), 2) for lr in (rates[0], rates[-1]))
    return f"Of the channels of ReLU {low} are dead at a rate of {rates[0]:g} and {high} at {rates[-1]:g}"


SWEEP = Part(
    name="sweep",
    row=SweepRow,
    run=run_sweep,
    tables=(Table("By learning rate", ("arm", "lr"), ("validation_accuracy", "train_loss", "diverged", "dead_share")),),
    curves=(
        arms.SWEEP_CURVE,
        Curve(
            "dead_channels_by_learning_rate",
            "lr",
            "dead_share",
            "arm",
            x_scale="log",
            only={"arm": RELU},
            title=dead_by_rate,
        ),
    ),
)
TUNED = Part(
    name="training",
    row=TunedRow,
    run=run_tuned,
    tables=(Table("Tuned", ("arm",), ("test_accuracy", "train_accuracy", "train_loss", "diverged", "lr")),),
)
