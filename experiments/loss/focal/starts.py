"""How a training begins with its output bias at 0, and at a prior."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Effect, Ratio, Under
from experiments.loss.focal.setup import BATCH, Tasks, scores

CHECKED_FIRST = 10
"""Updates after which the loss is checked each time; later after every tenth."""
DIVERGED = 10
"""Times the first loss without a prior: one bar for both starts."""


@observation
class StartRow(Row):
    condition: str
    prior: str
    """none: every probability begins near 0.5; set: near the prior."""
    lr: float
    initial_loss: float
    """Focal loss, mean over the training examples."""
    diverged: bool
    """Whether the loss was ever not finite, or above ten times the first loss without a prior."""


def run(tasks: Tasks) -> Iterator[StartRow]:
    """Focal loss from the same weights with the bias at 0 and at the prior, at a large learning rate."""
    import torch

    from experiments.foundation.networks.ensemble import Member, own_losses
    from experiments.loss.core.classification import prior_bias

    params = tasks.params
    for condition in tasks.conditions():
        task = tasks.task(condition)
        rng, members = task.drawn.clone_state(), [Member(task.losses["focal"], params.stress_lr)] * 2
        ensemble = task.ensemble(members, [0.0, prior_bias(params.prior or 0.01)], rng)
        inputs, targets = task.train[0], task.train[1].expand(2, -1)
        first = largest = own_losses(members, scores(ensemble, inputs).unsqueeze(2), targets)
        for step, _ in ensemble.train(inputs, targets, steps=params.steps, batch=BATCH, rng=rng):
            if step <= CHECKED_FIRST or step % CHECKED_FIRST == 0:
                losses = own_losses(members, scores(ensemble, inputs).unsqueeze(2), targets)
                largest = torch.maximum(largest, losses.nan_to_num(torch.inf))
        for prior, begun, worst in zip(("none", "set"), first.tolist(), largest.tolist(), strict=True):
            yield StartRow(
                condition=condition,
                prior=prior,
                lr=params.stress_lr,
                initial_loss=begun,
                diverged=worst > DIVERGED * first[0].item(),
            )


def with_and_without_prior(rows: Sequence[StartRow]) -> Mapping[str, Pairs]:
    columns = {"initial loss halves": "initial_loss", "fewer trainings diverge": "diverged"}
    return {
        condition: Pairs(*(by_seed(rows, column, prior=prior) for prior in ("none", "set")))
        for condition, column in columns.items()
    }


PART = Part(
    name="starts",
    row=StartRow,
    run=run,
    claims=(
        Claim(
            "prior_calms_the_start",
            statement="Starting at probability 0.01 halves the first loss and lets fewer trainings diverge.",
            rule=Under(
                {
                    "initial loss halves": Ratio("first loss without over with the prior", at_least=2.0),
                    "fewer trainings diverge": Effect(
                        "share of diverged trainings at a large rate, without - with the prior", delta=0.0
                    ),
                }
            ),
            measure=with_and_without_prior,
            topic="Focal loss",
            predicted={"initial loss halves": "holds", "fewer trainings diverge": "refuted"},
            source="pilot",
        ),
    ),
    tables=(
        Table("First loss with and without prior", by=("condition", "prior"), columns=("initial_loss", "diverged")),
    ),
)
