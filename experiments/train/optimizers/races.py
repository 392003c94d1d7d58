"""Steps to a loss on ill-conditioned and on sparse problems: rates are chosen on some problems, judged on others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Ratio
from experiments.train.optimizers.setup import ADAPTIVE, OPTIMIZERS, Images

ALIGNED, ROTATED, SPARSE = "uneven along the axes", "uneven, turned at random", "sparse features"
PROBLEMS = (ALIGNED, ROTATED, SPARSE)


@observation
class RaceRow(Row):
    problem: str
    drawn_for: str
    """Tuning or race: two problems of one kind, each with noise of its own."""
    optimizer: str
    lr: float
    steps: int
    """Until the loss is reached; the most steps if it is not."""
    reached: bool


def run(images: Images) -> Iterator[Event]:
    """Every optimizer at every rate."""
    import torch

    from experiments.train.core import optimizer_race as races

    params = images.params
    for number, optimizer in enumerate(OPTIMIZERS):
        yield Progress("races", number, len(OPTIMIZERS))
        for drawn_for, seed in (("tuning", 2 * images.seed + 1), ("race", 2 * images.seed)):
            rng = torch.Generator().manual_seed(seed)
            drawn = (
                races.ill_conditioned(params.dim, params.kappa, rng),
                races.ill_conditioned(params.dim, params.kappa, rng, rotated=True),
                races.sparse_features(params.dim, rng),
            )
            for name, problem in zip(PROBLEMS, drawn, strict=True):
                most, goal = params.race_steps, params.target
                taken = races.steps_to(problem, optimizer, params.race_lrs, share=goal, most_steps=most, seed=seed)
                for lr, steps in zip(params.race_lrs, taken, strict=True):
                    yield RaceRow(
                        problem=name,
                        drawn_for=drawn_for,
                        optimizer=optimizer,
                        lr=lr,
                        steps=steps or most,
                        reached=steps is not None,
                    )


def tuned(rows: Sequence[RaceRow], problem: str) -> Mapping[str, Choice[RaceRow]]:
    """Optimizer -> its rate of the fewest steps on the problems drawn for tuning."""
    tried = [row for row in rows if (row.problem, row.drawn_for) == (problem, "tuning")]
    return choose(tried, score=lambda row: -row.steps, arm=attrgetter("optimizer"))


def raced(rows: Sequence[RaceRow], problem: str) -> Mapping[str, list[RaceRow]]:
    """Optimizer -> its races at that rate."""
    return {
        name: [
            row
            for row in rows
            if (row.problem, row.drawn_for, row.optimizer, row.lr) == (problem, "race", name, choice.setting)
        ]
        for name, choice in tuned(rows, problem).items()
    }


def against_sgd(rows: Sequence[RaceRow]) -> Mapping[str, Pairs | Undecided]:
    """Steps of SGD and of every adaptive rule, per problem; steps of a race that did not end are not known."""
    found: dict[str, Pairs | Undecided] = {}
    for problem in PROBLEMS:
        rates, races = tuned(rows, problem), raced(rows, problem)
        for name in ADAPTIVE:
            missed = [row.optimizer for one in ("sgd", name) for row in races[one] if not row.reached]
            reason = untuned(rates["sgd"], rates[name])
            if reason is None and missed:
                reason = f"{len(missed)} races of {' and '.join(sorted(set(missed)))} did not reach the target"
            steps = (by_seed(races[one], "steps") for one in ("sgd", name))
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
            rule=Each(
                Ratio("steps of SGD / steps, each at its best rate on other problems", at_least=1.2),
                per="problem and optimizer",
            ),
            measure=against_sgd,
            topic="Speed of adaptive optimizers",
            predicted={
                f"{problem}: {name}": "refuted" if problem == ROTATED else "holds"
                for problem in PROBLEMS
                for name in ADAPTIVE
            },
            source="Duchi, Hazan and Singer 2011: the gain is per coordinate, so axes that are turned leave none",
        ),
    ),
    tables=(
        Table(
            "Races: steps to the target",
            by=("problem", "optimizer", "lr"),
            columns=("steps", "reached"),
            only={"drawn_for": "race"},
        ),
    ),
)
