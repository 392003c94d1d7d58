"""What is left of the gradient at the first layer: chains of every depth, and a transformer beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from experiments.grad.vanishing.setup import Networks
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Points
from experiments.lab.judge.measures import by_seed, points
from experiments.lab.judge.rules import Each, Ratio, SlopeBelow

TRANSFORMER = "pre-norm residual transformer"
SHOWN = (
    "sigmoid, xavier",
    "sigmoid, xavier, batch_norm",
    "sigmoid, xavier, residual",
    "tanh, xavier",
    "relu, default",
    "relu, xavier",
    "relu, he",
)
"""Networks of the headline."""


@observation
class EndsRow(Row):
    """One network."""

    network: str
    depth: int
    first_over_last: float
    """Gradient of the first layer over that of the last: before the activations in chains, of weights in blocks."""


def run(networks: Networks) -> Iterator[EndsRow]:
    for spec in networks.specs():
        layers = networks.layers(spec)
        yield EndsRow(
            network=spec.name, depth=spec.depth, first_over_last=layers[0].signal_norm / layers[-1].signal_norm
        )
    norms = networks.transformer()
    yield EndsRow(network=TRANSFORMER, depth=len(norms), first_over_last=norms[0] / norms[-1])


@observation
class BlockRow(Row):
    """One block of the transformer; layer 1 is the nearest to the input."""

    layer: int
    gradient_norm: float
    """Of the feed-forward weight."""


def run_blocks(networks: Networks) -> Iterator[BlockRow]:
    for layer, norm in enumerate(networks.transformer(), start=1):
        yield BlockRow(layer=layer, gradient_norm=norm)


def first_over_last(rows: Sequence[BlockRow]) -> str:
    last = max(row.layer for row in rows)
    left = mean(rows, "gradient_norm", layer=1) / mean(rows, "gradient_norm", layer=last)
    return f"The first of {last} blocks of a pre-norm transformer has {number(left, 2)} times the last one's gradient"


def left_at_the_first(rows: Sequence[EndsRow], network: str, depth: int) -> Pairs:
    """First over last gradient, against 1."""
    return Pairs.against(by_seed(rows, "first_over_last", network=network, depth=depth), 1.0)


def lost_in_ten_layers(rows: Sequence[EndsRow]) -> Pairs:
    """Last over first gradient of ten sigmoid layers."""
    left = left_at_the_first(rows, "sigmoid, xavier", 10)
    return Pairs(left.baseline, left.treatment)


def decay_with_depth(rows: Sequence[EndsRow]) -> Points:
    """First over last gradient over e^depth: the exponent is the decay of its logarithm per layer."""
    decay = points(rows, "depth", "first_over_last", network="sigmoid, xavier")
    return Points([math.exp(depth) for depth in decay.x], decay.y)


def in_the_deepest(*names: str) -> Callable[[Sequence[EndsRow]], Mapping[str, Pairs]]:
    """First over last gradient of each of these chains that ran, at the largest depth."""

    def measure(rows: Sequence[EndsRow]) -> Mapping[str, Pairs]:
        deepest = max(row.depth for row in rows)
        ran = {row.network for row in rows}
        return {name: left_at_the_first(rows, name, deepest) for name in names if name in ran}

    return measure


def left_in_the_transformer(rows: Sequence[EndsRow]) -> Pairs:
    depth = next(row.depth for row in rows if row.network == TRANSFORMER)
    return left_at_the_first(rows, TRANSFORMER, depth)


def lost_per_layer(rows: Sequence[EndsRow]) -> str:
    """What the curve shows."""
    sigmoid = kept(rows, {"network": "sigmoid, xavier"})
    first, deepest = min(row.depth for row in sigmoid), max(row.depth for row in sigmoid)
    shallow, deep = (mean(sigmoid, "first_over_last", depth=depth) for depth in (first, deepest))
    factor = (shallow / deep) ** (1 / (deepest - first))
    relu = mean(rows, "first_over_last", network="relu, he", depth=deepest)
    return (
        f"Each sigmoid layer divides the gradient by {number(factor)}; "
        f"ReLU with He weights keeps {number(relu, 2)} of it over {deepest} layers"
    )


BLOCKS = Part(
    name="transformer",
    row=BlockRow,
    run=run_blocks,
    tables=(Table("Gradient of each block of the transformer", by=("layer",), columns=("gradient_norm",)),),
    curves=(Curve("transformer_gradient", "layer", "gradient_norm", y_scale="log", title=first_over_last),),
)
PART = Part(
    name="ends",
    row=EndsRow,
    run=run,
    claims=(
        Claim(
            "gradient_falls_fourfold_per_layer",
            statement="With Xavier weights, of gain 1, a sigmoid chain divides the gradient by at least 4 per layer.",
            rule=SlopeBelow("first over last gradient against e^depth", limit=math.log(0.25)),
            measure=decay_with_depth,
            topic="0.25 per layer",
            predicted="holds",
            source="Glorot and Bengio 2010: the factor is gain x derivative, here at most 1 x 0.25",
        ),
        Claim(
            "ten_layers_leave_a_thousandth",
            statement="After ten sigmoid layers the first gradient is below a thousandth of the last.",
            rule=Ratio("last over first gradient of ten layers with Xavier weights", at_least=1000),
            measure=lost_in_ten_layers,
            topic="Ten layers",
            predicted="holds",
            source="0.25^9 is 4e-6",
        ),
        Claim(
            "relu_keeps_the_gradient",
            statement="ReLU keeps the gradient: at the largest depth the first is at least a tenth of the last.",
            rule=Each(Ratio("first over last gradient of a plain ReLU chain", at_least=0.1), per="initialization"),
            measure=in_the_deepest("relu, he", "relu, xavier", "relu, default"),
            topic="Vanishing: use ReLU",
            predicted={"relu, he": "holds", "relu, xavier": "refuted", "relu, default": "refuted"},
            source="He et al. 2015: gain 1 for variance 2 / fan-in, below 1 for smaller variances",
        ),
        Claim(
            "sigmoid_is_kept_by_norm_or_residual",
            statement="Batch normalization, or a residual connection, keeps a deep sigmoid chain's gradient.",
            rule=Each(Ratio("first over last gradient at the largest depth", at_least=0.02), per="remedy"),
            measure=in_the_deepest("sigmoid, xavier, batch_norm", "sigmoid, xavier, residual"),
            topic="Remedies for vanishing gradients",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "deep_transformers_do_not_vanish",
            statement="A deep transformer's first block keeps a tenth of the last block's gradient.",
            rule=Ratio("first over last gradient of a pre-norm residual transformer", at_least=0.1),
            measure=left_in_the_transformer,
            topic="Vanishing gradients in large models",
            predicted="holds",
            source="Xiong et al. 2020: gradients of pre-norm transformers are bounded in depth",
        ),
    ),
    tables=(Table(title="First over last gradient", by=("network", "depth"), columns=("first_over_last",)),),
    curves=(
        Curve(
            "gradient_by_depth",
            "depth",
            "first_over_last",
            "network",
            y_scale="log",
            only={"network": SHOWN},
            title=lost_per_layer,
            limit="relu_keeps_the_gradient",
        ),
    ),
)
