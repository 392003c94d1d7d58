"""Every layer of chains of sigmoid, tanh and ReLU after one backward pass at initialization."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from experiments.grad.vanishing.setup import Networks
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Equivalence


@observation
class LayerRow(Row):
    """One layer of one chain; layer 1 is the nearest to the input."""

    network: str
    """Activation, initialization and remedy."""
    activation: str
    init: str
    arm: str
    depth: int
    layer: int
    gradient_norm: float
    """Norm of dL/dW."""
    signal_norm: float
    """Norm of dL/dz, z before the activation."""
    factor: float
    """signal_norm over that of the next layer; NaN in the last."""
    mean_derivative: float
    weight_gain: float
    """||W||_F / sqrt(fan out) of the next layer; NaN in the last."""
    predicted_factor: float
    """weight_gain times root mean square derivative."""


def run(networks: Networks) -> Iterator[Event]:
    specs = list(networks.specs())
    for done, spec in enumerate(specs):
        yield Progress("chains", done, len(specs))
        for layer in networks.layers(spec):
            yield LayerRow(network=spec.name, **asdict(spec), **asdict(layer))


def factor_and_prediction(rows: Sequence[LayerRow]) -> Mapping[str, Pairs]:
    """Per initialization: log of the factor of inner sigmoid layers, measured and predicted."""
    inner = [row for row in rows if row.activation == "sigmoid" and row.arm == "plain" and 1 < row.layer < row.depth]
    return {
        init: Pairs(
            by_seed(inner, lambda row: math.log(row.factor), init=init),
            by_seed(inner, lambda row: math.log(row.predicted_factor), init=init),
        )
        for init in sorted({row.init for row in inner})
    }


def ten_layers(rows: Sequence[LayerRow]) -> str:
    """The gradient of the first layer's weights over that of the tenth's."""

    def left(network: str) -> str:
        first, last = (mean(rows, "gradient_norm", network=network, depth=10, layer=at) for at in (1, 10))
        return number(first / last, 2)

    return f"Of the tenth layer's gradient the first has {left('sigmoid, xavier')} (sigmoid), {left('relu, he')} (ReLU)"


PART = Part(
    name="layers",
    row=LayerRow,
    run=run,
    claims=(
        Claim(
            "factor_is_gain_times_derivative",
            statement="The factor per sigmoid layer is the weight gain times the activation's derivative.",
            rule=Each(
                Equivalence("log of the factor and of gain x rms derivative, mean over inner layers", margin=0.1),
                per="initialization",
            ),
            measure=factor_and_prediction,
            topic="0.25 per layer",
            predicted="holds",
            source="Glorot and Bengio 2010",
        ),
    ),
    tables=(
        Table(
            title="Factor per layer = weight gain x derivative",
            by=("network", "depth"),
            columns=("factor", "predicted_factor", "mean_derivative", "weight_gain"),
        ),
        Table(
            title="Sigmoid, Xavier: gradient of each layer, ten layers deep",
            by=("layer",),
            columns=("gradient_norm", "signal_norm", "factor", "mean_derivative"),
            only={"network": "sigmoid, xavier", "depth": 10},
        ),
    ),
    curves=(
        Curve(
            "gradient_by_layer",
            "layer",
            "gradient_norm",
            "network",
            y_scale="log",
            only={"depth": 10},
            title=ten_layers,
        ),
    ),
)
