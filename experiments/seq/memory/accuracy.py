"""Networks trained to name a symbol after blank steps, each cell at the learning rate that suits it best.

Rates are chosen by the trainings from the first weights of every seed; the trainings from the others are judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Trials, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Equivalence, Proportion
from experiments.seq.memory.setup import Cell, MemorySetup

NAMES = {
    "rnn": "the RNN",
    "gru": "the GRU",
    "lstm": "the LSTM",
    "lstm_forget_bias": "the LSTM with a forget bias",
    "transformer": "attention",
}


@observation
class AccuracyRow(Row):
    """One training after some number of updates."""

    case: str
    """Network."""
    lag: int
    farthest: bool
    """Whether no lag is longer."""
    budget: str
    """long for all updates, short for a third of them."""
    updates: int
    lr: float
    start: int
    """Number of the first weights; 0 chooses the rate."""
    accuracy: float
    """Share of the symbols that are named."""
    solved: bool
    """Whether all of them are."""
    probability: float
    """Of the right symbol, mean over the symbols."""
    chance: float


def run(setup: MemorySetup) -> Iterator[Event]:
    from experiments.foundation.networks.timing import reproducible

    for lag in setup.params.lags:
        for cell in setup.params.cells:
            with reproducible(setup.seed):
                yield from train_all(setup, cell, lag)


def train_all(setup: MemorySetup, cell: Cell, lag: int) -> Iterator[Event]:
    """One cell at one lag from all starts at all rates."""
    import torch

    from experiments.seq.core.learning import Reader, Readers, probabilities, train

    params = setup.params
    sizes = (params.symbols + 1, params.symbols, params.hidden)
    networks = [Reader(cell, *sizes, params.forget_bias) for _ in range(params.starts)]
    arms = [(start, lr) for start in range(params.starts) for lr in params.lrs]
    members, lrs = Readers([networks[start] for start, _ in arms]), [lr for _, lr in arms]
    budgets = {params.steps // 3: "short", params.steps: "long"}
    for step in train(members, params.symbols, lag, lrs, steps=params.steps, clip=params.clip):
        if step not in budgets:
            if step % 50 == 0:
                yield Progress(f"{cell} at lag {lag}", step, params.steps)
            continue
        answered = probabilities(members, params.symbols, lag)
        named = (answered.argmax(2) == torch.arange(params.symbols)).double().mean(1)
        of_the_right = answered.diagonal(dim1=1, dim2=2).mean(1)
        for (start, lr), accuracy, probability in zip(arms, named.tolist(), of_the_right.tolist(), strict=True):
            yield AccuracyRow(
                case=cell,
                lag=lag,
                farthest=lag == max(params.lags),
                budget=budgets[step],
                updates=step,
                lr=lr,
                start=start,
                accuracy=accuracy,
                solved=accuracy == 1,
                probability=probability,
                chance=1 / params.symbols,
            )


def tuned(rows: Sequence[AccuracyRow]) -> dict[tuple[str, int, int], Choice[AccuracyRow]]:
    """(cell, lag, updates) -> the rate at which the first start solved the task most often, then most surely."""
    return choose(
        [row for row in rows if row.start == 0],
        score=lambda row: (float(row.solved), row.probability),
        arm=lambda row: (row.case, row.lag, row.updates),
    )


def why_untuned(choice: Choice[AccuracyRow]) -> str | None:
    """An edge of the grid matters unless the task was always solved there, or never at any rate."""
    return untuned(choice) if 0 < choice.score < 1 else None


def judged(rows: Sequence[AccuracyRow], arm: tuple[str, int, int], lr: float) -> list[AccuracyRow]:
    return [row for row in rows if row.start and (row.case, row.lag, row.updates) == arm and row.lr == lr]


def at_tuned_rates(rows: Sequence[AccuracyRow]) -> list[AccuracyRow]:
    """The judged trainings after all updates."""
    rows = [row for row in rows if row.budget == "long"]
    return [row for arm, choice in tuned(rows).items() for row in judged(rows, arm, choice.setting)]


def solved_by(*cells: str) -> Callable[[Sequence[AccuracyRow]], Mapping[str, Trials | Undecided]]:
    """Judged trainings of these networks that solve the task, at every lag and budget."""

    def measure(rows: Sequence[AccuracyRow]) -> Mapping[str, Trials | Undecided]:
        found: dict[str, Trials | Undecided] = {}
        for (cell, lag, updates), choice in tuned([row for row in rows if row.case in cells]).items():
            reason = why_untuned(choice)
            of_arm = judged(rows, (cell, lag, updates), choice.setting)
            trials = Trials.of((row.seed, row.solved) for row in of_arm)
            found[f"{cell}, lag {lag}, {updates} updates"] = Undecided(reason) if reason else trials
        return found

    return measure


def attention_far_and_near(rows: Sequence[AccuracyRow]) -> Pairs | Undecided:
    rows = [row for row in rows if (row.case, row.budget) == ("transformer", "long")]
    lags = sorted({row.lag for row in rows})
    if len(lags) < 2:
        return Undecided("expected the transformer at two lags at least")
    if reason := next(filter(None, map(why_untuned, tuned(rows).values())), None):
        return Undecided(reason)
    best = at_tuned_rates(rows)
    far, near = (by_seed(best, "probability", lag=lag) for lag in (lags[-1], lags[0]))
    return Pairs(far, near, limits=(0.0, 1.0))


def solved_at_the_farthest(rows: Sequence[AccuracyRow]) -> str:
    """What the curve shows: the cells that solve the farthest lag most and least often."""
    found = [row for row in at_tuned_rates(rows) if row.farthest]
    shares = {cell: mean(found, "solved", case=cell) for cell in dict.fromkeys(row.case for row in found)}
    best, worst = (end(shares, key=lambda cell: shares[cell]) for end in (max, min))
    said = f"{percent(shares[best], 2)} of trainings remember with {best}, {percent(shares[worst], 2)} with {worst}"
    return f"Over {found[0].lag} steps, at the best rate, {said}"


OF_A_TRAINING = Proportion("trainings that name every symbol, at the best rate", at_least=0.5)
PART = Part(
    name="accuracy",
    row=AccuracyRow,
    run=run,
    claims=(
        Claim(
            "rnn_keeps_the_past",
            statement="An RNN keeps what it has read: most trainings lead to one that names every symbol.",
            rule=Each(OF_A_TRAINING, per="lag and number of updates"),
            measure=solved_by("rnn"),
            topic="RNN: keeping the past",
            predicted={
                "rnn, lag 10, 200 updates": "holds",
                "rnn, lag 10, 600 updates": "holds",
                "rnn, lag 40, 200 updates": "refuted",
                "rnn, lag 40, 600 updates": "holds",
            },
            source="pilot at one rate: 1 of 2 trainings of 800 updates at lag 40, none of 200",
        ),
        Claim(
            "gates_solve_the_gradient_problem",
            statement="LSTM and GRU solve the gradient problem: most trainings lead to one that names every symbol.",
            rule=Each(OF_A_TRAINING, per="network, lag and number of updates"),
            measure=solved_by("gru", "lstm", "lstm_forget_bias"),
            topic="LSTM and GRU: the gradient problem",
            predicted={
                f"{cell}, lag {lag}, {updates} updates": "refuted" if (lag, updates) == (40, 200) else "holds"
                for cell in ("gru", "lstm", "lstm_forget_bias")
                for lag in (10, 40)
                for updates in (200, 600)
            },
            source="Hochreiter and Schmidhuber 1997, lags of 1000; pilot for the 200 updates at lag 40",
        ),
        Claim(
            "attention_does_not_depend_on_the_lag",
            statement="Attention remembers as surely over the longest lag as over the shortest.",
            rule=Equivalence("probability of the right symbol at the longest and at the shortest lag", margin=0.02),
            measure=attention_far_and_near,
            topic="Transformer: far positions",
            predicted="holds",
            source="Vaswani et al. 2017: any two positions are one step apart",
        ),
    ),
    tables=(
        Table(
            "Trainings from all first weights at every rate",
            by=("lag", "case", "updates", "lr"),
            columns=("accuracy", "solved", "probability"),
        ),
    ),
    curves=(
        Curve(
            "solved_by_rate",
            "lr",
            "solved",
            "case",
            x_scale="log",
            only={"budget": "long", "farthest": True},
            title=solved_at_the_farthest,
            limit="rnn_keeps_the_past",
        ),
    ),
)
