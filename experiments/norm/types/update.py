"""How far one step of gradient descent moves the output of a transformer, with post-norm and with DeepNorm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Setup, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Ratio
from experiments.norm.types.setup import Params

LR = 0.01


@observation
class UpdateRow(Row):
    placement: str
    depth: int
    model_update: float
    """Root mean square change of the output after one step of gradient descent with the learning rate 0.01."""


def run(setup: Setup[Params]) -> Iterator[UpdateRow]:
    from experiments.norm.core.updates import model_update

    for placement in ("post", "deep"):
        for depth in setup.params.depth:
            change = model_update(depth, 32, placement, LR, setup.seed)
            yield UpdateRow(placement=placement, depth=depth, model_update=change)


def at_the_deepest(rows: Sequence[UpdateRow]) -> Pairs:
    """The update of post-norm over that of DeepNorm."""
    deepest = max(row.depth for row in rows)
    post, deep = (by_seed(rows, "model_update", placement=name, depth=deepest) for name in ("post", "deep"))
    return Pairs(post, deep)


def moved_by_one_step(rows: Sequence[UpdateRow]) -> str:
    deepest = max(row.depth for row in rows)
    post, deep = (number(mean(rows, "model_update", placement=name, depth=deepest), 2) for name in ("post", "deep"))
    return f"One step moves the output of {deepest} blocks by {post} with post-norm and by {deep} with DeepNorm"


TABLE = Table(
    title="Change of the output by one step of gradient descent", by=("placement", "depth"), columns=("model_update",)
)
PART = Part(
    name="update",
    row=UpdateRow,
    run=run,
    claims=(
        Claim(
            "deepnorm_updates_are_smaller",
            statement="One step changes the output of the deepest post-norm transformer at least twice as much as that "
            "of DeepNorm.",
            rule=Ratio("change of the output of post-norm over DeepNorm at the largest depth", at_least=2),
            measure=at_the_deepest,
            topic="Deep norm",
            predicted="holds",
            source="Wang et al. 2022 (DeepNet): the update of post-norm grows with depth, that of DeepNorm is bounded",
        ),
    ),
    tables=(TABLE,),
    curves=(Curve("update_over_depth", "depth", "model_update", "placement", "log", "log", title=moved_by_one_step),),
)
