"""Derivatives and their ranges, the collapse of a network without activation, and the gain that keeps a signal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.cnn.activation.setup import KEPT, Networks
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Observed
from experiments.lab.judge.rules import Each, Fact, Theorem

if TYPE_CHECKING:
    from torch import Tensor

REACH = 15.0
"""Largest |z| tried: beyond about 19 the derivative of tanh, 1 - tanh^2, rounds to 0 in float64."""
OPEN_BELOW = ("sigmoid", "tanh", "elu")
"""Activations whose derivative never takes its lower bound."""


def run(networks: Networks) -> Iterator[TrialRow]:
    import torch

    generator = torch.Generator().manual_seed(networks.seed)
    for trial in range(networks.params.law_trials):
        drawn = (torch.rand(1000, generator=generator, dtype=torch.float64) * 2 - 1) * REACH
        images = torch.randn(4, 1, 8, 8, generator=generator)
        yield from range_trials(torch.cat([drawn, torch.zeros(1, dtype=torch.float64)]))
        yield linearity_trial(images, networks.params.depth, 4, networks.seed + trial)


def range_trials(points: Tensor) -> Iterator[TrialRow]:
    """The derivative of each activation keeps its bounds at ``points`` (n,), |z| <= 15; that of GELU, which falls
    below 0 and rises above 1, is the control."""
    from experiments.cnn.core.activations import RANGES, derivative

    gelu = derivative("gelu", points)
    for name, (low, high) in RANGES.items():
        slopes = derivative(name, points)
        off = _outside(slopes, low, high, is_open=name in OPEN_BELOW)
        if name == "relu":
            off += float(((slopes != 0) & (slopes != 1)).any())
        yield TrialRow(
            statement="range",
            case=name,
            error=off,
            control_error=_outside(gelu, low, high, is_open=name in OPEN_BELOW),
            counterexample=f"{name}' from {float(slopes.min()):g} to {float(slopes.max()):g}",
        )


def _outside(slopes: Tensor, low: float, high: float, *, is_open: bool) -> float:
    """How far the slopes leave [low, high]; 1 more where an open bound is taken."""
    beyond = max(float((low - slopes).max()), float((slopes - high).max()), 0.0)
    return beyond + float(is_open and bool((slopes <= low).any()))


def linearity_trial(images: Tensor, depth: int, width: int, seed: int) -> TrialRow:
    """With the identity a deep network is one affine map; with any other activation it is not."""
    from experiments.cnn.core.activation_network import DeepNetwork, distance_from_affine
    from experiments.cnn.core.activations import ACTIVATIONS
    from experiments.foundation.networks.timing import reproducible

    channels, height, side = images.shape[1:]
    gaps = {}
    for name in ACTIVATIONS:
        with reproducible(seed):
            network = DeepNetwork(name, (channels, height, side), 3, depth=depth, width=width, init="he")
        gaps[name] = distance_from_affine(network.double().requires_grad_(False), images.double())
    identity = gaps.pop("identity")
    return TrialRow(statement="linear", case="identity", error=identity, control_error=min(gaps.values()))


@observation
class GainRow(Row):
    """Factors on the weights in front of one activation."""

    activation: str
    torch_gain: float
    """What torch.nn.init.calculate_gain recommends."""
    preserving_gain: float
    """What keeps a signal's mean square."""

    @property
    def difference(self) -> float:
        return round(self.torch_gain - self.preserving_gain, 6)


def run_gains(networks: Networks) -> Iterator[GainRow]:
    from experiments.cnn.core.activations import TORCH_GAINS, preserving_gain, torch_gain

    for name in TORCH_GAINS:
        yield GainRow(activation=name, torch_gain=torch_gain(name), preserving_gain=preserving_gain(name))


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "derivatives_keep_their_ranges",
            statement="The derivative of the sigmoid lies in (0, 0.25], of tanh in (0, 1], of ReLU in {0, 1}; those of "
            "leaky ReLU and ELU are positive.",
            rule=Theorem("the derivative by autograd is in its range for |z| <= 15", control="the derivative of GELU"),
            measure=instances("range"),
            topic="Derivatives of activation functions",
            predicted="holds",
            source="the closed forms, such as s (1 - s) for the sigmoid s",
        ),
        Claim(
            "without_activation_layers_collapse",
            statement="Without an activation a deep network is one affine map.",
            rule=Theorem("relative distance from an affine map", control="every other activation", tolerance=1e-12),
            measure=instances("linear"),
            topic="Activations bring in nonlinearity",
            predicted="holds",
            source="a composition of affine maps is affine",
        ),
    ),
    tables=(TRIALS,),
)
GAINS = Part(
    name="gains",
    row=GainRow,
    run=run_gains,
    claims=(
        Claim(
            "torch_recommends_the_gain_that_preserves",
            statement="The gain that torch recommends is the one that keeps a signal's mean square.",
            rule=Each(Fact("calculate_gain - 1 / sqrt(E f(z)^2), to six decimals,", expected=0.0), per="activation"),
            measure=lambda rows: {row.activation: Observed(row.difference) for row in rows},
            topic="Initial gain of an activation",
            predicted=KEPT,
            source="He et al. 2015 derive sqrt(2) for ReLU; torch's 5/3 for tanh and 3/4 for SELU are not derived so",
        ),
    ),
    tables=(Table("Gains before an activation", by=("activation",), columns=("torch_gain", "preserving_gain")),),
)
