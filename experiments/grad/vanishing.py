"""Does a gradient vanish in a chain of sigmoids, by which factor per layer, and what prevents it?

Every layer of a deep network is measured after one backward pass at initialization: the gradient of its weights, that
of its pre-activations, and the factor between neighbors beside mean derivative and weight gain.

Notes: vanishing gradients and sigmoid (000:44-46); ReLU against vanishing (002:184).
Source: Hochreiter: Untersuchungen zu dynamischen neuronalen Netzen, 1991; Glorot, Bengio: Understanding the difficulty
of training deep feedforward neural networks, 2010; He et al.: Delving Deep into Rectifiers, 2015.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.foundation.statements.instances import NAN, InstanceRow, judge_instances, select
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Progress, Table
from experiments.lab.judge.claims import (
    Claim,
    Comparison,
    by_seed,
    conditional,
    equivalence,
    ratio,
    slope_below,
    theorem,
)

Activation = Literal["sigmoid", "tanh", "relu"]
Initialization = Literal["default", "xavier", "he", "normal"]
Arm = Literal["plain", "batch_norm", "residual"]
Depth = Annotated[int, Field(ge=2, le=200)]


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    activation: tuple[Activation, ...] = ("sigmoid", "tanh", "relu")
    """Activations."""
    init: tuple[Initialization, ...] = ("default", "xavier", "he", "normal")
    """Weights: torch's default (uniform, variance 1/(3 fan-in)), Xavier, He, or standard normal."""
    depth: tuple[Depth, ...] = (4, 10)
    """Hidden layers; the claims read the ten-layer and the deepest chains."""
    width: Annotated[int, Field(ge=2, le=1024)] = 64
    """Units of a layer."""
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 64
    """Standard normal inputs with random labels in one backward pass."""
    transformer_depth: Annotated[int, Field(ge=2, le=100)] = 6
    """Blocks of the pre-norm residual transformer, and layers of the sigmoid chain beside it."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Random one-unit chains on which the product rule is tried."""


@dataclass(frozen=True, kw_only=True)
class Row(InstanceRow):
    activation: str = ""
    init: str = ""
    arm: str = ""
    depth: int = 0
    layer: int = 0
    gradient_norm: float = NAN
    """Norm of dL/dW."""
    signal_norm: float = NAN
    """Norm of dL/dz, z before the activation."""
    factor: float = NAN
    """signal_norm over that of the next layer."""
    mean_derivative: float = NAN
    weight_gain: float = NAN
    """||W||_F / sqrt(fan out) of the next layer."""
    predicted_factor: float = NAN
    """weight_gain times root mean square derivative."""
    first_over_last: float = NAN
    """gradient of the first layer over that of the last, on the row of the first layer."""


def run(params: Params, seed: int) -> Iterator[Event]:
    import numpy as np

    from experiments.grad.core.products import bound_trials, range_trials, shrinking_trials

    rng = np.random.default_rng(seed)
    weights = [8.0, *rng.uniform(-12, 12, params.trials)]
    laws = (range_trials([0.0, *rng.normal(0, 30, params.trials)]), bound_trials(weights), shrinking_trials(weights))
    yield from (Row(**asdict(trial)) for law in laws for trial in law)
    depths = sorted({*params.depth, params.transformer_depth})
    for done, depth in enumerate(depths):
        yield Progress("chains", done, len(depths))
        for activation in params.activation:
            for init in params.init:
                yield from _chain(params, activation, init, "plain", depth, seed)
        for arm in ("batch_norm", "residual"):
            yield from _chain(params, "sigmoid", "xavier", arm, depth, seed)
            yield from _chain(params, "relu", "he", arm, depth, seed)
    yield from _transformer(params, seed)


def _chain(
    params: Params, activation: Activation, init: Initialization, arm: Arm, depth: int, seed: int
) -> Iterator[Row]:
    import torch

    from experiments.foundation.networks.timing import reproducible
    from experiments.grad.core.chains import Chain, layer_gradients

    with reproducible(seed):
        chain = Chain(depth=depth, width=params.width, classes=10, activation=activation, init=init, arm=arm)
        inputs = torch.randn(params.batch_size, params.width)
        measured = layer_gradients(chain, inputs, torch.randint(10, (params.batch_size,)))
    name = f"{activation}, {init}" + ("" if arm == "plain" else f", {arm}")
    first_over_last = measured[0].signal_norm / measured[-1].signal_norm
    for found in measured:
        yield Row(
            part="chain",
            case=name,
            activation=activation,
            init=init,
            arm=arm,
            depth=depth,
            first_over_last=first_over_last if found.layer == 1 else NAN,
            **asdict(found),
        )


def _transformer(params: Params, seed: int) -> Iterator[Row]:
    from experiments.grad.core.chains import transformer_gradients

    norms = transformer_gradients(params.transformer_depth, 32, 8, seed)
    for layer, norm in enumerate(norms, start=1):
        yield Row(
            part="transformer",
            case="pre-norm residual transformer",
            depth=params.transformer_depth,
            layer=layer,
            gradient_norm=norm,
            first_over_last=norms[0] / norms[-1] if layer == 1 else NAN,
        )


def sigmoid_derivative_is_at_most_a_quarter(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "range"))


def product_of_sigmoids_always_shrinks(rows: Sequence[Row]) -> Comparison:
    tried = {case: [r for r in rows if r.part == "shrinks" and r.case == case] for case in ("|w| <= 4", "|w| > 4")}
    grown = [row.error for row in tried["|w| > 4"]]
    worst = max(tried["|w| > 4"], key=lambda row: row.error).witness
    parts = {case: theorem([r.error for r in of], control=grown, counterexample=worst) for case, of in tried.items()}
    return conditional({"at most |w|/4 per layer": judge_instances(select(rows, "bound"), 1e-12), **parts})


def gradient_falls_fourfold_per_layer(rows: Sequence[Row]) -> Comparison:
    chains = [row for row in rows if row.case == "sigmoid, xavier" and row.layer == 1]
    depths = sorted({row.depth for row in chains})
    y = {row.seed: [0.0] * len(depths) for row in chains}
    for row in chains:
        y[row.seed][depths.index(row.depth)] = row.first_over_last
    # log y against log(e^depth) = depth is the decay per layer
    return slope_below([math.exp(depth) for depth in depths], y, limit=math.log(0.25))


def factor_is_gain_times_derivative(rows: Sequence[Row]) -> Comparison:
    parts = {}
    for init in sorted({row.init for row in rows if row.case == f"sigmoid, {row.init}"}):
        inner = [row for row in rows if row.case == f"sigmoid, {init}" and 1 < row.layer < row.depth]
        measured = by_seed(inner, lambda row: math.log(row.factor))
        parts[init] = equivalence(measured, by_seed(inner, lambda row: math.log(row.predicted_factor)), margin=0.1)
    return conditional(parts)


def ten_layers_leave_a_thousandth(rows: Sequence[Row]) -> Comparison:
    return _ends(rows, "sigmoid, xavier", 10, inverse=True, at_least=1000)


def relu_keeps_the_gradient(rows: Sequence[Row]) -> Comparison:
    deepest = max(row.depth for row in rows)
    cases = [f"relu, {init}" for init in ("he", "xavier", "default") if any(r.case == f"relu, {init}" for r in rows)]
    return conditional({case: _ends(rows, case, deepest, at_least=0.1) for case in cases})


def sigmoid_is_kept_by_norm_or_residual(rows: Sequence[Row]) -> Comparison:
    deepest = max(row.depth for row in rows)
    cases = ("sigmoid, xavier, batch_norm", "sigmoid, xavier, residual")
    return conditional({case: _ends(rows, case, deepest, at_least=0.02) for case in cases})


def deep_models_do_not_vanish(rows: Sequence[Row]) -> Comparison:
    name = "pre-norm residual transformer"
    depth = next(row.depth for row in rows if row.case == name)
    return conditional({case: _ends(rows, case, depth, at_least=0.1) for case in (name, "sigmoid, xavier")})


def _ends(rows: Sequence[Row], case: str, depth: int, *, inverse: bool = False, at_least: float) -> Comparison:
    """The first layer's gradient over the last one's (or the inverse) against a bound."""
    found = by_seed(rows, lambda r: r.first_over_last, lambda r: (r.case, r.depth, r.layer) == (case, depth, 1))
    one = dict.fromkeys(found, 1.0)
    return ratio(one, found, at_least=at_least) if inverse else ratio(found, one, at_least=at_least)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="The derivative of the sigmoid lies in (0, 0.25] and is 0.25 at 0.",
            notes="Range of the sigmoid's derivative (000:46)",
            kind="theorem",
            rule="Holds iff no value lies outside (0, 0.25]; the derivative of tanh must.",
            predicted="holds",
            judge=sigmoid_derivative_is_at_most_a_quarter,
        ),
        Claim(
            statement="A product of ten sigmoid layers necessarily shrinks the gradient.",
            notes="Numbers below 1 multiplied always shrink (000:46)",
            kind="conditional",
            rule="Per condition, one-unit chains: the gradient over ten layers is at most the bound, at most 1.",
            predicted="conditional",
            judge=product_of_sigmoids_always_shrinks,
        ),
        Claim(
            statement="With Xavier weights, of gain 1, a sigmoid chain divides the gradient by at least 4 per layer.",
            notes="0.25 per layer (000:46)",
            kind="slope",
            rule="The logarithm of first over last gradient falls with depth by more than log 4 per layer.",
            predicted="holds",
            judge=gradient_falls_fourfold_per_layer,
        ),
        Claim(
            statement="The factor per sigmoid layer is the weight gain times the activation's derivative, within 10 %.",
            notes="0.25 per layer (000:46)",
            kind="conditional",
            rule="Per initialization, inner layers: |log factor - log(gain x rms derivative)| < 0.1 on average.",
            predicted="holds",
            judge=factor_is_gain_times_derivative,
        ),
        Claim(
            statement="Behind ten sigmoid layers the first gradient is below a thousandth of the last.",
            notes="Ten layers (000:46)",
            kind="effect",
            rule="Last over first gradient at depth 10, Xavier weights, is above 1000.",
            predicted="holds",
            judge=ten_layers_leave_a_thousandth,
        ),
        Claim(
            statement="ReLU keeps the gradient: at the largest depth the first is at least a tenth of the last.",
            notes="Vanishing: use ReLU (002:184)",
            kind="conditional",
            rule="Per initialization: first over last gradient of a plain ReLU chain is above 0.1.",
            predicted="conditional",
            judge=relu_keeps_the_gradient,
        ),
        Claim(
            statement="Batch normalization, or a residual connection, keeps a deep sigmoid chain's gradient.",
            notes="Why gradients vanish (000:45)",
            kind="conditional",
            rule="Per remedy: first over last gradient at the largest depth is above 0.02.",
            predicted="holds",
            judge=sigmoid_is_kept_by_norm_or_residual,
        ),
        Claim(
            statement="A deep model's first layer keeps a tenth of the last layer's gradient.",
            notes="Why large models have vanishing gradients (000:45)",
            kind="conditional",
            rule="First over last gradient above 0.1: a pre-norm residual transformer, and a sigmoid chain as deep.",
            predicted="conditional",
            judge=deep_models_do_not_vanish,
        ),
    ),
    tables=(
        Table(
            title="First over last gradient, and why: factor per layer = weight gain x derivative",
            by=("case", "depth"),
            columns=("first_over_last", "factor", "predicted_factor", "mean_derivative", "weight_gain"),
            where=lambda row: row.depth > 0,
        ),
        Table(
            title="Sigmoid, Xavier: gradient of each layer",
            by=("depth", "layer"),
            columns=("gradient_norm", "signal_norm", "factor", "mean_derivative"),
            where=lambda row: row.case == "sigmoid, xavier" and row.depth <= 10,
        ),
    ),
    curves=(
        Curve(
            name="gradient_by_layer",
            x="layer",
            y="gradient_norm",
            group="case",
            y_scale="log",
            where=lambda row: row.depth == 10,
        ),
    ),
)
