"""How far back do an RNN, a GRU, an LSTM and attention remember, in accuracy and in gradient?

A symbol is shown once and has to be named after a number of blank steps; the gradient is followed back to the
first step of untrained networks; attention is tried for what it does in parallel.

Notes: RNN and self-attention layers (002:110-111); RNN, LSTM, GRU and Transformer (002:121-125).
Source: Bengio, Simard, Frasconi: Learning Long-Term Dependencies with Gradient Descent is Difficult, IEEE Trans.
Neural Networks 5(2), 1994; Hochreiter, Schmidhuber: Long Short-Term Memory, Neural Computation 9(8), 1997;
Jozefowicz, Zaremba, Sutskever: An Empirical Exploration of Recurrent Network Architectures, ICML 2015; Vaswani et
al.: Attention Is All You Need, NeurIPS 2017.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import (
    Claim,
    Comparison,
    by_seed,
    conditional,
    effect,
    equivalence,
    ratio,
    slope_below,
    theorem,
    undecided,
)

if TYPE_CHECKING:
    import torch

NAN = float("nan")
Cell = Literal["rnn", "gru", "lstm", "lstm_forget_bias", "transformer"]
REMEMBERED = 0.95
"""Accuracy from which a symbol counts as remembered."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    cells: tuple[Cell, ...] = ("rnn", "gru", "lstm", "lstm_forget_bias", "transformer")
    """Networks to train; lstm_forget_bias is the LSTM with its forget gate's bias set at the start."""
    lags: tuple[Annotated[int, Field(ge=2, le=1000)], ...] = (3, 6)
    """Blank steps between symbol and answer."""
    symbols: Annotated[int, Field(ge=2, le=64)] = 4
    """Symbols to tell apart; chance is one in so many."""
    hidden: Annotated[int, Field(ge=4, le=1024, multiple_of=4)] = 16
    """Size of the hidden state; a multiple of the transformer's 4 heads."""
    steps: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """Training steps."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    """Sequences per step."""
    lr: Annotated[float, Field(gt=0, le=1)] = 5e-3
    """Learning rate of Adam."""
    clip: Annotated[float, Field(gt=0)] | None = 1.0
    """Largest norm of the gradient; null does not clip."""
    forget_bias: Annotated[float, Field(ge=-10, le=10)] = 1.0
    """Initial bias of the forget gate of lstm_forget_bias."""
    gradient_lags: tuple[Annotated[int, Field(ge=1, le=200)], ...] = (5, 10, 20, 30, 40)
    """Lags over which the gradient of untrained networks is followed."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """accuracy, gradient, linear, or parallel."""
    case: str
    """Network, or what was tried."""
    lag: int = 0
    accuracy: float = NAN
    """On fresh sequences after training."""
    chance: float = NAN
    gradient_ratio: float = NAN
    """Gradient by the first input over that by the last, before training."""
    error: float = NAN
    control_error: float = NAN
    passes: int = 0
    """Forward passes that depend on each other."""


def run(params: Params, seed: int) -> Iterator[Event]:
    import torch

    from experiments.foundation.networks.timing import one_thread

    generator = torch.Generator().manual_seed(seed)
    with one_thread():
        yield from _linear_rows(params, generator)
        yield from _parallel_rows(params, generator, seed)
        for cell in params.cells:
            yield from _gradient_rows(cell, params, seed)
        for lag in params.lags:
            for cell in params.cells:
                yield from _accuracy_rows(cell, lag, params, seed)


def _linear_rows(params: Params, generator: torch.Generator) -> Iterator[Event]:
    """A linear recurrence that shrinks by 0.9 and one that grows by 1.1 a step; the control wraps it in tanh."""
    from experiments.seq.core.memory import linear_reach

    for radius in (0.9, 1.1):
        for lag in params.gradient_lags:
            reach = linear_reach(radius, lag, params.hidden, generator)
            bent = linear_reach(radius, lag, params.hidden, generator, saturating=True)
            errors = [abs(found / radius**lag - 1) for found in (reach, bent)]
            yield Row(
                part="linear",
                case=f"radius {radius:g}",
                lag=lag,
                gradient_ratio=reach,
                error=errors[0],
                control_error=errors[1],
            )


def _parallel_rows(params: Params, generator: torch.Generator, seed: int) -> Iterator[Event]:
    import torch

    from experiments.seq.core import parallel

    length = 8
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        reading = parallel.all_at_once(length, params.hidden, generator)
        permuting = parallel.permuted(length, params.hidden, generator)
        generating, passes = parallel.generated(length, params.hidden, generator)
    for tried, needed in ((reading, 1), (permuting, 1), (generating, passes)):
        yield Row(
            part="parallel",
            case=tried.case,
            lag=length,
            error=tried.error,
            control_error=tried.control_error,
            passes=needed,
        )


def _gradient_rows(cell: Cell, params: Params, seed: int) -> Iterator[Event]:
    """One untrained network in float64, followed over all lags."""
    import torch

    from experiments.seq.core.memory import body, gradient_reach, sequences

    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = body(cell, params.symbols + 1, params.hidden, params.forget_bias).double()
    for lag in params.gradient_lags:
        inputs, _ = sequences(params.symbols, lag, 32, generator)
        reach = gradient_reach(network, inputs.double(), torch.Generator().manual_seed(seed))
        yield Row(part="gradient", case=cell, lag=lag, gradient_ratio=reach)


def _accuracy_rows(cell: Cell, lag: int, params: Params, seed: int) -> Iterator[Event]:
    import torch

    from experiments.seq.core.learning import Recipe, Rememberer, accuracy, train

    recipe = Recipe(steps=params.steps, lr=params.lr, clip=params.clip, batch_size=params.batch_size)
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Rememberer(cell, params.symbols, params.hidden, params.forget_bias)
    for step in train(model, params.symbols, lag, recipe, generator):
        if step % 20 == 0:
            yield Progress(f"{cell} at lag {lag}", step, params.steps)
    found = accuracy(model, params.symbols, lag, generator)
    yield Row(part="accuracy", case=cell, lag=lag, accuracy=found, chance=1 / params.symbols)


def _of(rows: Sequence[Row], part: str, *cases: str) -> list[Row]:
    return [row for row in rows if row.part == part and (not cases or row.case in cases)]


def _remembers(rows: Sequence[Row], cell: str, lag: int) -> Comparison:
    """Accuracy above 0.95, as an effect over chance."""
    kept = [row for row in _of(rows, "accuracy", cell) if row.lag == lag]
    chance = by_seed(kept, lambda row: row.chance)
    return effect(_accuracies(kept), chance, delta=REMEMBERED - kept[0].chance)


def _accuracies(rows: Sequence[Row]) -> dict[int, float]:
    return by_seed(rows, lambda row: row.accuracy)


def _ratios(rows: Sequence[Row]) -> dict[int, float]:
    return by_seed(rows, lambda row: row.gradient_ratio)


def _remembers_at_every_lag(rows: Sequence[Row], *cells: str) -> Comparison:
    pairs = dict.fromkeys((row.case, row.lag) for row in _of(rows, "accuracy", *cells))
    return conditional({f"{cell} at lag {lag}": _remembers(rows, cell, lag) for cell, lag in pairs})


def rnn_keeps_the_past(rows: Sequence[Row]) -> Comparison:
    return _remembers_at_every_lag(rows, "rnn")


def linear_gradient_is_a_power_of_the_radius(rows: Sequence[Row]) -> Comparison:
    tried = _of(rows, "linear")
    return theorem([row.error for row in tried], tolerance=1e-10, control=[row.control_error for row in tried])


def rnn_gradient_decays_exponentially(rows: Sequence[Row]) -> Comparison:
    """Log of the ratio over the lag itself: the exponent of ratio ~ (e^lag)^b."""
    kept = _of(rows, "gradient", "rnn")
    lags = sorted({row.lag for row in kept})
    ratios = _by_lag(kept, lags)
    return slope_below([math.exp(lag) for lag in lags], ratios, limit=math.log(0.8))


def _by_lag(rows: Sequence[Row], lags: Sequence[int]) -> dict[int, list[float]]:
    """Gradient ratios of each seed in the order of the lags."""
    found = {(row.seed, row.lag): row.gradient_ratio for row in rows}
    return {seed: [found[seed, lag] for lag in lags] for seed in sorted({row.seed for row in rows})}


def gates_solve_the_gradient_problem(rows: Sequence[Row]) -> Comparison:
    return _remembers_at_every_lag(rows, "gru", "lstm", "lstm_forget_bias")


def forget_bias_lets_the_gradient_through(rows: Sequence[Row]) -> Comparison:
    kept = _of(rows, "gradient", "lstm", "lstm_forget_bias")
    far = max((row.lag for row in kept), default=0)
    at_far = [row for row in kept if row.lag == far]
    biased, plain = (_ratios(_of(at_far, "gradient", cell)) for cell in ("lstm_forget_bias", "lstm"))
    return ratio(biased, plain, at_least=100.0)


def attention_does_not_depend_on_the_lag(rows: Sequence[Row]) -> Comparison:
    kept = _of(rows, "accuracy", "transformer")
    lags = sorted({row.lag for row in kept})
    if len(lags) < 2:
        return undecided("equivalence", "expected the transformer at two lags at least")
    near, far = (_accuracies([row for row in kept if row.lag == lag]) for lag in (lags[0], lags[-1]))
    return equivalence(far, near, margin=0.02)


def positions_are_processed_in_parallel(rows: Sequence[Row]) -> Comparison:
    cases = ("reading a known sequence", "generating a sequence")
    return conditional({case: _judge_parallel(rows, case) for case in cases})


def attention_without_positions_is_blind_to_order(rows: Sequence[Row]) -> Comparison:
    return _judge_parallel(rows, "without positions, permuted")


def _judge_parallel(rows: Sequence[Row], case: str) -> Comparison:
    tried = _of(rows, "parallel", case)
    example = (
        f"{tried[0].passes} passes depend on each other, and one pass in their place is off by {tried[0].error:.3g}"
    )
    return theorem(
        [row.error for row in tried],
        tolerance=1e-10,
        control=[row.control_error for row in tried],
        counterexample=example,
    )


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="An RNN keeps what it has read.",
            notes="RNN (002:110, 121)",
            kind="conditional",
            rule="Per lag: accuracy > 0.95, paired over seeds against chance.",
            predicted="conditional",
            judge=rnn_keeps_the_past,
        ),
        Claim(
            statement="The gradient of a linear recurrence is radius^T: it vanishes below 1 and explodes above.",
            notes="Vanishing gradient of the RNN (002:122)",
            kind="theorem",
            rule="Relative error <= 1e-10 at radius 0.9 and 1.1 over all lags; with tanh it must be off.",
            predicted="holds",
            judge=linear_gradient_is_a_power_of_the_radius,
        ),
        Claim(
            statement="The gradient of an untrained tanh RNN shrinks by at least a fifth with every step back.",
            notes="Vanishing gradient of the RNN (002:122)",
            kind="slope",
            rule="Slope of the log of first over last gradient on the lag: its interval lies below log 0.8.",
            predicted="holds",
            judge=rnn_gradient_decays_exponentially,
        ),
        Claim(
            statement="LSTM and GRU solve the gradient problem: they remember at every lag.",
            notes="LSTM and GRU (002:122)",
            kind="conditional",
            rule="Per network and lag: accuracy > 0.95, paired over seeds against chance.",
            predicted="conditional",
            judge=gates_solve_the_gradient_problem,
        ),
        Claim(
            statement=(
                "A forget bias of 1 makes an untrained LSTM's gradient at the longest lag at least 100 times larger."
            ),
            notes="LSTM and GRU (002:122)",
            kind="effect",
            rule="Ratio of the gradient ratios, paired over seeds: its interval lies above 100.",
            predicted="holds",
            judge=forget_bias_lets_the_gradient_through,
        ),
        Claim(
            statement="Attention remembers as well over the longest lag as over the shortest.",
            notes="Transformer (002:123-125)",
            kind="equivalence",
            rule="Accuracies differ by less than 0.02, paired over seeds.",
            predicted="holds",
            judge=attention_does_not_depend_on_the_lag,
        ),
        Claim(
            statement="A Transformer processes all positions in parallel.",
            notes="Transformer (002:124)",
            kind="conditional",
            rule="Reading, and generating: one pass equals going step by step within 1e-10.",
            predicted="conditional",
            judge=positions_are_processed_in_parallel,
        ),
        Claim(
            statement=(
                "Attention without a positional code does not see order: permuting its input permutes its output."
            ),
            notes="Transformer (002:123-125)",
            kind="theorem",
            rule="Difference <= 1e-10; with a positional code it must differ.",
            predicted="holds",
            judge=attention_without_positions_is_blind_to_order,
        ),
    ),
    tables=(
        Table(
            title="Accuracy after training",
            by=("lag", "case"),
            columns=("accuracy", "chance"),
            where=lambda row: row.part == "accuracy",
        ),
        Table(
            title="Gradient by the first input over that by the last, before training",
            by=("case", "lag"),
            columns=("gradient_ratio",),
            where=lambda row: row.part == "gradient",
        ),
        Table(
            title="Attention in parallel",
            by=("case",),
            columns=("error", "control_error", "passes"),
            where=lambda row: row.part == "parallel",
        ),
    ),
    curves=(
        Curve(name="accuracy_by_lag", x="lag", y="accuracy", group="case", where=lambda row: row.part == "accuracy"),
        Curve(
            name="gradient_by_lag",
            x="lag",
            y="gradient_ratio",
            group="case",
            y_scale="log",
            where=lambda row: row.part == "gradient" and row.gradient_ratio > 0,
        ),
    ),
)
