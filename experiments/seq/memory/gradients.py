"""How far back the gradient of untrained networks setup."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Points
from experiments.lab.judge.measures import by_seed, points
from experiments.lab.judge.rules import Ratio, SlopeBelow
from experiments.seq.memory.setup import Cell, MemorySetup


@observation
class GradientRow(Row):
    case: str
    """Network."""
    lag: int
    gradient_ratio: float
    """Gradient by the first input over that by the last."""


def run(setup: MemorySetup) -> Iterator[GradientRow]:
    for cell in setup.params.cells:
        for lag, ratio in reach_by_lag(setup, cell).items():
            yield GradientRow(case=cell, lag=lag, gradient_ratio=ratio)


def reach_by_lag(setup: MemorySetup, cell: Cell) -> dict[int, float]:
    """One untrained network in float64, followed over all lags."""
    import torch

    from experiments.foundation.networks.timing import reproducible
    from experiments.seq.core.memory import body, gradient_reach, sequences

    params, seed = setup.params, setup.seed
    with reproducible(seed):
        network = body(cell, params.symbols + 1, params.hidden, params.forget_bias).double()
        return {
            lag: gradient_reach(
                network, sequences(params.symbols, lag)[0].double(), torch.Generator().manual_seed(seed)
            )
            for lag in params.gradient_lags
        }


def decay_of_the_rnn(rows: Sequence[GradientRow]) -> Points:
    """Ratio over e^lag: the exponent is the decay of its logarithm per step."""
    decay = points(rows, "lag", "gradient_ratio", case="rnn")
    return Points([math.exp(lag) for lag in decay.x], decay.y)


def biased_and_plain(rows: Sequence[GradientRow]) -> Pairs:
    """The LSTM with and without a forget bias at the longest lag."""
    far = max((row.lag for row in rows), default=0)
    return Pairs(*(by_seed(rows, "gradient_ratio", case=cell, lag=far) for cell in ("lstm_forget_bias", "lstm")))


def lost_per_step(rows: Sequence[GradientRow]) -> str:
    far = max(row.lag for row in rows)
    left = {cell: mean(rows, "gradient_ratio", case=cell, lag=far) for cell in ("rnn", "lstm", "lstm_forget_bias")}
    rnn, plain, biased = (number(ratio, 2) for ratio in left.values())
    return f"Gradient after {far} steps: {rnn} in an RNN, {plain} in an LSTM, {biased} with forget bias"


PART = Part(
    name="gradients",
    row=GradientRow,
    run=run,
    claims=(
        Claim(
            "rnn_gradient_decays_exponentially",
            statement="The gradient of an untrained tanh RNN shrinks by at least a fifth with every step back.",
            rule=SlopeBelow("first over last gradient against e^lag", limit=math.log(0.8)),
            measure=decay_of_the_rnn,
            topic="Vanishing gradient of the RNN",
            predicted="holds",
            source="Bengio et al. 1994",
        ),
        Claim(
            "forget_bias_lets_the_gradient_through",
            statement=(
                "A forget bias of 1 makes an untrained LSTM's gradient at the longest lag at least 100 times larger."
            ),
            rule=Ratio("gradient ratio with over without forget bias at the longest lag", at_least=100.0),
            measure=biased_and_plain,
            topic="LSTM, forget gate",
            predicted="holds",
            source="Jozefowicz et al. 2015",
        ),
    ),
    tables=(
        Table(
            "Gradient by the first input over that by the last, before training",
            by=("case", "lag"),
            columns=("gradient_ratio",),
        ),
    ),
    curves=(Curve("gradient_by_lag", "lag", "gradient_ratio", "case", y_scale="log", title=lost_per_step),),
)
