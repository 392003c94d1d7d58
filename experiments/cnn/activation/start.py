"""Networks at the start: the size of a signal over many layers, and ReLU units that no image wakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.cnn.activation.setup import KEPT, Networks
from experiments.lab.answers import listing, mean
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Trials
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Equivalence, Proportion


@observation
class SignalRow(Row):
    """One layer, mean over random networks whose weights have torch's gain."""

    activation: str
    layer: int
    mean_square: float
    """Of the pre-activations, relative to the first layer's."""


def run_signals(networks: Networks) -> Iterator[SignalRow]:
    from experiments.cnn.core.activations import TORCH_GAINS, propagated_mean_squares, torch_gain

    params = networks.params
    squares = propagated_mean_squares(
        {name: torch_gain(name) for name in TORCH_GAINS},
        layers=params.layers,
        width=params.propagation_width,
        networks=params.networks,
        seed=networks.seed,
    )
    for name, values in squares.items():
        for layer, value in enumerate(values, start=1):
            yield SignalRow(activation=name, layer=layer, mean_square=value)


def in_the_last_layer(rows: Sequence[SignalRow]) -> Mapping[str, Pairs]:
    """Mean square relative to the first layer's, per activation, against 1."""
    last = [row for row in rows if row.layer == max(row.layer for row in rows)]
    names = dict.fromkeys(row.activation for row in last)
    return {name: Pairs.against(by_seed(last, "mean_square", activation=name), 1.0) for name in names}


def kept_over_the_layers(rows: Sequence[SignalRow]) -> str:
    last = max(row.layer for row in rows)
    squares = {name: mean(rows, "mean_square", activation=name, layer=last) for name in {r.activation for r in rows}}
    kept = sorted(name for name, square in squares.items() if abs(square - 1) <= 0.1)
    return f"Over {last} layers torch's gain keeps the mean square within a tenth with {listing(kept)}"


@observation
class StartRow(Row):
    """Dense ReLU units with He weights and one bias, on the training images."""

    bias: float
    units: int
    dead_units: int
    """Units that are zero on every image."""
    dataset: str


def run_start(networks: Networks) -> Iterator[StartRow]:
    import torch

    from experiments.cnn.core.activation_network import dead_units_at_start

    rng, split, units = torch.Generator().manual_seed(networks.seed), networks.split, networks.params.units
    for bias in networks.params.biases:
        dead = dead_units_at_start(split.train.inputs, units, bias, rng)
        yield StartRow(bias=bias, units=units, dead_units=dead, dataset=split.name)


def living_units(rows: Sequence[StartRow]) -> Mapping[str, Trials]:
    def counted(bias: float) -> Trials:
        return Trials({row.seed: (row.units - row.dead_units, row.units) for row in rows if row.bias == bias})

    return {f"bias {bias:g}": counted(bias) for bias in dict.fromkeys(row.bias for row in rows)}


SIGNALS = Part(
    name="signals",
    row=SignalRow,
    run=run_signals,
    claims=(
        Claim(
            "the_gain_keeps_the_signal_over_the_layers",
            statement="With torch's gain the signal keeps its size over twenty layers within a tenth.",
            rule=Each(Equivalence("mean square, last layer over first, less 1", margin=0.1), per="activation"),
            measure=in_the_last_layer,
            topic="Initial gain of an activation",
            predicted=KEPT,
            source="He et al. 2015, where the gain is 1 / sqrt(E f(z)^2); for others the recursion of mean squares",
        ),
    ),
    curves=(
        Curve(
            "signal_by_layer",
            "layer",
            "mean_square",
            "activation",
            y_scale="log",
            title=kept_over_the_layers,
            limit=1.0,
        ),
    ),
)
START = Part(
    name="start",
    row=StartRow,
    run=run_start,
    claims=(
        Claim(
            "units_are_alive_at_the_start",
            statement="At initialization at least 95 % of ReLU units are active on some image.",
            rule=Each(Proportion("share of units that some training image wakes", at_least=0.95), per="bias"),
            measure=living_units,
            topic="Dead ReLU units",
            predicted={"bias 0": "holds", "bias -1": "holds", "bias -3": "refuted", "bias -10": "refuted"},
            source="pilot",
        ),
    ),
    tables=(Table("Dense ReLU units that no image wakes at the start", by=("bias",), columns=("units", "dead_units")),),
)
