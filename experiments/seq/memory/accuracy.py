"""Networks trained to name a symbol after blank steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Equivalence
from experiments.seq.memory.setup import Cell, Reaches


@observation
class AccuracyRow(Row):
    case: str
    """Network."""
    lag: int
    accuracy: float
    """On fresh sequences after training."""
    chance: float


def run(reaches: Reaches) -> Iterator[Event]:
    from experiments.foundation.networks.timing import one_thread

    with one_thread():
        for lag in reaches.params.lags:
            for cell in reaches.params.cells:
                yield from train_one(reaches, cell, lag)


def train_one(reaches: Reaches, cell: Cell, lag: int) -> Iterator[Event]:
    import torch

    from experiments.seq.core.learning import Recipe, Rememberer, accuracy, train

    params = reaches.params
    recipe = Recipe(steps=params.steps, lr=params.lr, clip=params.clip, batch_size=params.batch_size)
    generator = torch.Generator().manual_seed(reaches.seed)
    with torch.random.fork_rng():
        torch.manual_seed(reaches.seed)
        model = Rememberer(cell, params.symbols, params.hidden, params.forget_bias)
    for step in train(model, params.symbols, lag, recipe, generator):
        if step % 20 == 0:
            yield Progress(f"{cell} at lag {lag}", step, params.steps)
    found = accuracy(model, params.symbols, lag, generator)
    yield AccuracyRow(case=cell, lag=lag, accuracy=found, chance=1 / params.symbols)


def at_every_lag(*cells: str) -> Callable[[Sequence[AccuracyRow]], Mapping[str, Pairs]]:
    """Accuracy of these networks at every lag, against nothing."""

    def measure(rows: Sequence[AccuracyRow]) -> Mapping[str, Pairs]:
        pairs = dict.fromkeys((row.case, row.lag) for row in rows if row.case in cells)
        return {
            f"{cell} at lag {lag}": Pairs.against(by_seed(rows, "accuracy", case=cell, lag=lag), 0.0)
            for cell, lag in pairs
        }

    return measure


def attention_far_and_near(rows: Sequence[AccuracyRow]) -> Pairs | Undecided:
    lags = sorted({row.lag for row in rows if row.case == "transformer"})
    if len(lags) < 2:
        return Undecided("expected the transformer at two lags at least")
    return Pairs(*(by_seed(rows, "accuracy", case="transformer", lag=lag) for lag in (lags[-1], lags[0])))


PART = Part(
    name="accuracy",
    row=AccuracyRow,
    run=run,
    claims=(
        Claim(
            "rnn_keeps_the_past",
            statement="An RNN keeps what it has read: it names the symbol in more than 95 % of cases.",
            rule=Each(Effect("accuracy", delta=0.95), per="lag"),
            measure=at_every_lag("rnn"),
            topic="RNN",
            predicted={"rnn at lag 10": "holds", "rnn at lag 40": "refuted"},
            source="pilot",
        ),
        Claim(
            "gates_solve_the_gradient_problem",
            statement="LSTM and GRU solve the gradient problem: they remember at every lag.",
            rule=Each(Effect("accuracy", delta=0.95), per="network and lag"),
            measure=at_every_lag("gru", "lstm", "lstm_forget_bias"),
            topic="LSTM and GRU",
            predicted="conditional",
            source="pilot",
        ),
        Claim(
            "attention_does_not_depend_on_the_lag",
            statement="Attention remembers as well over the longest lag as over the shortest.",
            rule=Equivalence("accuracy at the longest and at the shortest lag", margin=0.02),
            measure=attention_far_and_near,
            topic="Transformer",
            predicted="holds",
            source="Vaswani et al. 2017",
        ),
    ),
    tables=(Table("Accuracy after training", by=("lag", "case"), columns=("accuracy", "chance")),),
    curves=(Curve("accuracy_by_lag", "lag", "accuracy", "case"),),
)
