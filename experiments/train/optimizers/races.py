"""Steps to a loss on ill-conditioned and on sparse problems: rates are chosen on some problems, judged on others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from experiments.lab.experiment import Event, Part, Progress, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.rules import Each, Ratio
from experiments.train.optimizers.setup import ADAPTIVE, OPTIMIZERS, Images
from experiments.train.tuned import Dial, Tuned, compared, tuned

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


def raced(rows: Sequence[RaceRow], problem: str) -> Mapping[str, Tuned[RaceRow]]:
    """Optimizer -> its races at its rate of the fewest steps on the problems drawn for tuning. Steps of a race that did
    not end are not known."""
    of = [row for row in rows if row.problem == problem]
    tried = [row for row in of if row.drawn_for == "tuning"]
    found = {}
    for name, arm in tuned(tried, attrgetter("optimizer"), Dial("lr"), score=lambda row: -row.steps).items():
        races = kept(of, {"drawn_for": "race", "optimizer": name, "lr": arm.rows[0].lr})
        missed = f"races of {name} that did not reach the target: {sum(not row.reached for row in races)}"
        found[name] = Tuned(races, arm.reason or (None if all(row.reached for row in races) else missed))
    return found


def against_sgd(rows: Sequence[RaceRow]) -> Mapping[str, Pairs | Undecided]:
    """Steps of SGD and of every adaptive rule, per problem."""
    races = {problem: raced(rows, problem) for problem in PROBLEMS}
    return {
        f"{problem}: {name}": compared("steps", arms["sgd"], arms[name])
        for problem, arms in races.items()
        for name in ADAPTIVE
    }


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
            source="pilot of turned axes; Duchi, Hazan and Singer 2011: the gain is per coordinate",
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
