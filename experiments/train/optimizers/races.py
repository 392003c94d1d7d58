"""Steps to a loss on an ill-conditioned and on a sparse problem, every optimizer over its grid of learning rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Ratio
from experiments.train.optimizers.setup import ADAPTIVE, Images

CENTERS = {
    "ill-conditioned": {"sgd": 1.0, "momentum": 0.3, "adagrad": 0.5, "rmsprop": 0.03, "adam": 0.1},
    "sparse features": {"sgd": 0.5, "momentum": 0.1, "adagrad": 0.5, "rmsprop": 0.05, "adam": 0.1},
}
"""Middle of each grid; equal sizes and ratios for all."""


@observation
class RaceRow(Row):
    problem: str
    optimizer: str
    lr: float
    steps: int
    """Until the loss is reached; the most steps if it is not."""
    reached: bool


def run(images: Images) -> Iterator[Event]:
    """Every optimizer at every rate of its grid, on the same problem and noise."""
    import torch

    from experiments.train.core import optimizer_race as races
    from experiments.train.core.update_rules import Rule

    params, seed = images.params, images.seed
    problems = {
        "ill-conditioned": races.ill_conditioned(params.dim, params.kappa, torch.Generator().manual_seed(seed)),
        "sparse features": races.sparse_features(params.dim, torch.Generator().manual_seed(seed)),
    }
    most = params.race_steps
    for name, problem in problems.items():
        for number, (optimizer, center) in enumerate(CENTERS[name].items()):
            yield Progress(f"race: {name}", number, len(CENTERS[name]))
            for lr in params.rates(center):
                rule = Rule(name=optimizer, lr=lr)
                steps = races.steps_to(problem, rule, share=params.target, most_steps=most, seed=seed)
                yield RaceRow(problem=name, optimizer=optimizer, lr=lr, steps=steps, reached=steps < most)


def at_best(rows: Sequence[RaceRow], problem: str) -> Mapping[str, Choice[RaceRow]]:
    """Optimizer -> its races at the rate of the fewest steps."""
    raced = [row for row in rows if row.problem == problem]
    return choose(raced, score=lambda row: -row.steps, arm=attrgetter("optimizer"))


def against_sgd(rows: Sequence[RaceRow]) -> Mapping[str, Pairs | Undecided]:
    """Steps of SGD and of every adaptive rule, per problem."""
    found: dict[str, Pairs | Undecided] = {}
    for problem in CENTERS:
        best = at_best(rows, problem)
        for name in ADAPTIVE:
            reason = untuned(best["sgd"], best[name])
            steps = (by_seed(best[optimizer].rows, "steps") for optimizer in ("sgd", name))
            found[f"{problem}: {name}"] = Undecided(reason) if reason else Pairs(*steps)
    return found


PART = Part(
    name="races",
    row=RaceRow,
    run=run,
    claims=(
        Claim(
            "adaptive_rules_are_faster_on_uneven_problems",
            statement="On uneven problems adaptive rules need at least a sixth fewer steps than SGD.",
            rule=Each(Ratio("steps of SGD / steps, each at its best rate", at_least=1.2), per="problem and optimizer"),
            measure=against_sgd,
            topic="Optimizers",
            predicted="holds",
            source="Duchi, Hazan and Singer 2011; Kingma and Ba 2015",
        ),
    ),
    tables=(Table(title="Races: steps to the target", by=("problem", "optimizer", "lr"), columns=("steps",)),),
)
