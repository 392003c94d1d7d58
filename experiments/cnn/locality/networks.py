"""Networks of local kernels and of attention, trained on the question whether two far markers agree."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from experiments.cnn.locality.setup import SPREAD, Params
from experiments.foundation.networks.tuning import Choice, choose, choose_by_others, untuned
from experiments.lab.answers import listing, mean, percent
from experiments.lab.errors import InputError
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Setup, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, NotMeasured, Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Equivalence, Ratio, Theorem

CHANCE = 0.5
COLUMNS = ("reach", "test_accuracy", "steps_to_solve", "far_gradient", "macs")


@observation
class NetworkRow(Row):
    """One network trained at one learning rate."""

    model: str
    lr: float
    reach: float
    """Positions to one side that an output can see."""
    sees: bool
    """Whether the reach is at least the smallest distance of the markers."""
    width: int
    macs: int
    """Multiply-adds of one sequence between embedding and head."""
    validation_accuracy: float
    test_accuracy: float
    steps_to_solve: int
    """Steps to a validation accuracy of 0.95; all steps where it was not reached."""
    solved: bool
    diverged: bool
    far_gradient: float
    """Largest gradient of the answer by the far marker."""
    near_gradient: float


def run(setup: Setup[Params]) -> Iterator[Event]:
    from experiments.cnn.core.locality_networks import body_macs, plans
    from experiments.cnn.core.locality_task import Task, train
    from experiments.foundation.networks.timing import reproducible

    params, seed = setup.params, setup.seed
    if len(set(params.lrs)) < len(params.lrs):
        raise InputError(f"expected different learning rates, got lrs={list(params.lrs)}")
    task = Task(params.length, params.length - SPREAD, params.symbols)
    chosen = plans(params.models, params.depth, params.width, params.length)
    jobs = [(plan, lr) for plan in chosen for lr in params.lrs]
    for done, (plan, lr) in enumerate(jobs):
        yield Progress(plan.name, done, len(jobs))
        with reproducible(seed):
            found = train(plan, task, lr, seed, updates=params.steps, batch_size=params.batch_size)
        reach = math.inf if plan.reach is None else plan.reach
        yield NetworkRow(
            model=plan.name,
            reach=min(reach, params.length),
            sees=reach >= task.far,
            width=plan.width,
            macs=body_macs(plan),
            **asdict(found),
        )


def solved_early(row: NetworkRow) -> tuple[float, float]:
    """The score of a learning rate: validation accuracy, and of equal ones the fewest steps."""
    return 1.0 if row.solved else row.validation_accuracy, -row.steps_to_solve


def tuned(rows: Sequence[NetworkRow]) -> Mapping[str, Choice[NetworkRow]]:
    """Each model at its best learning rate."""
    return choose(rows, score=solved_early, arm=lambda row: row.model)


def best_accuracies(rows: Sequence[NetworkRow]) -> dict[str, float]:
    """Test accuracy of attention, and of the best local networks with and without the far marker in their reach."""
    found: dict[str, float] = {}
    for model, best in tuned(rows).items():
        local = "seeing local networks" if best.rows[0].sees else "blind local networks"
        kind = "attention" if model == "attention" else local
        found[kind] = max(found.get(kind, 0.0), mean(best.rows, "test_accuracy"))
    return dict(sorted(found.items()))


def right_answers(rows: Sequence[NetworkRow]) -> str:
    said = listing(f"{kind} {percent(right)}" for kind, right in best_accuracies(rows).items())
    return f"Right at best: {said}"


def distance_from_chance(rows: Sequence[NetworkRow]) -> Instances | NotMeasured:
    """Gradient by the far marker, and distance of the accuracy from 1/2; the control are networks that see it."""
    blind, seeing = (
        [max(row.far_gradient, abs(row.test_accuracy - CHANCE)) for row in rows if row.sees == sees]
        for sees in (False, True)
    )
    if not blind or not seeing:
        return NotMeasured("it needs one network that reaches the far marker and one that does not")
    return Instances(blind, control=seeing)


def local_accuracy(rows: Sequence[NetworkRow]) -> Mapping[str, Pairs | Undecided]:
    """Test accuracy against chance, of each network but attention."""
    return {model: _against_chance(best) for model, best in tuned(rows).items() if model != "attention"}


def _against_chance(best: Choice[NetworkRow]) -> Pairs | Undecided:
    """Undecided where a better rate may lie beyond the grid.

    A network that is blind, or that has solved the task, has nothing to gain from other rates.
    """
    settled = not best.rows[0].sees or all(row.solved for row in best.rows)
    if not settled and (reason := untuned(best)):
        return Undecided(reason)
    return Pairs.against(by_seed(best.rows, "test_accuracy"), CHANCE)


def attention_accuracy(rows: Sequence[NetworkRow]) -> Pairs | NotMeasured:
    best = tuned(rows).get("attention")
    return Pairs.against(by_seed(best.rows, "test_accuracy"), CHANCE) if best else NotMeasured("it needs attention")


def steps_of_conv_and_attention(rows: Sequence[NetworkRow]) -> Pairs | NotMeasured | Undecided:
    """Steps of the deepest conv over those of attention, which has no more multiply-adds, each at the rate that is
    fastest on the other seeds.

    A better rate may lie beyond the edge of a grid and would only need fewer steps, so the slower network has to be at
    its best inside the grid. Where a network did not get there, its steps are a lower bound.
    """
    stacks = [row for row in rows if row.model.startswith("conv,") and row.sees]
    fastest = choose_by_others(rows, score=solved_early, arm=lambda row: row.model)
    attention = fastest.get("attention")
    if not stacks or attention is None:
        return NotMeasured("it needs attention and a conv that reaches the far marker")
    conv = fastest[max(stacks, key=lambda row: row.macs).model]
    if attention.rows[0].macs > conv.rows[0].macs:
        return NotMeasured("the deepest conv has fewer multiply-adds than the narrowest attention")
    slow, fast = (by_seed(best.rows, "steps_to_solve") for best in (conv, attention))
    reason = untuned(conv if sum(slow.values()) > sum(fast.values()) else attention)
    return Undecided(reason) if reason else Pairs(slow, fast)


PART = Part(
    name="networks",
    row=NetworkRow,
    run=run,
    claims=(
        Claim(
            "blind_networks_are_at_chance",
            statement="A network whose reach is below the distance does not depend on the far marker and is at chance.",
            rule=Theorem("far gradient and accuracy - 1/2 are 0", control="a network that reaches the marker"),
            measure=distance_from_chance,
            topic="Local kernels and global context",
            predicted="holds",
            source="the far symbol makes no difference to its answer, and half of the answers are 'equal'",
        ),
        Claim(
            "local_kernels_cannot_use_the_far_marker",
            statement="Networks of local kernels cannot use the far marker: test accuracy is within 0.05 of chance.",
            rule=Each(Equivalence("test accuracy - 1/2", margin=0.05), per="network"),
            measure=local_accuracy,
            topic="Local kernels cannot capture global context",
            predicted={
                "conv, 3 layers": "holds",
                "conv, 4 layers": "holds",
                "conv, 8 layers": "refuted",
                "conv, 16 layers": "refuted",
                "dilated": "refuted",
                "conv gap": "refuted",
                "large kernel": "refuted",
            },
            source="Yu and Koltun 2016: the reach grows with depth and dilation; chance where it is below the distance",
        ),
        Claim(
            "attention_solves_it",
            statement="Two layers of attention solve the task: accuracy is more than 0.45 above chance.",
            rule=Effect("test accuracy - 1/2", delta=0.45),
            measure=attention_accuracy,
            topic="Attention and global context",
            predicted="holds",
            source="Dosovitskiy et al. 2021: attention is global from the first layer",
        ),
        Claim(
            "attention_needs_fewer_steps",
            statement="At equal FLOPs attention solves the task in fewer steps than the deep stack of convolutions.",
            rule=Ratio("steps to a validation accuracy of 0.95, deepest conv / attention", at_least=1.0),
            measure=steps_of_conv_and_attention,
            topic="Attention and global context",
            predicted="holds",
            source="Raghu et al. 2021: attention reads far positions in its lowest layers",
        ),
    ),
    tables=(Table("Do two far markers agree? Chance is 0.5", by=("model", "lr"), columns=COLUMNS),),
    curves=(
        Curve("accuracy_by_rate", "lr", "test_accuracy", "model", x_scale="log", title=right_answers, limit=CHANCE),
    ),
)
