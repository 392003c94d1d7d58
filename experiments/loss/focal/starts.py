"""What becomes of focal loss when a training begins with its output bias at 0, and at a prior."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from experiments.foundation.networks.tuning import choose, untuned
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Effect, Ratio, Under
from experiments.loss.focal.setup import BATCH, Tasks, scores

FIRST_UPDATES = 10


@observation
class StartRow(Row):
    condition: str
    prior: str
    """none: every probability begins near 0.5; set: near the prior."""
    lr: float
    initial_loss: float
    """Focal loss, mean over the training examples."""
    early_loss: float
    """The same after ten updates."""
    validation_ap: float
    test_ap: float
    """After all updates."""


def run(tasks: Tasks) -> Iterator[StartRow]:
    """Focal loss in the first condition, from the same weights with both biases, at every learning rate."""
    from experiments.foundation.networks.ensemble import Member, own_losses
    from experiments.foundation.networks.scores.binary_losses import prior_bias
    from experiments.loss.core.imbalance import average_precision

    params, condition = tasks.params, tasks.conditions()[0]
    task, biases = tasks.task(condition), {"none": 0.0, "set": prior_bias(params.prior or 0.01)}
    settings = [(prior, lr) for prior in biases for lr in params.lrs]
    rng, members = task.drawn.clone_state(), [Member(task.losses["focal"], lr) for _, lr in settings]
    ensemble = task.ensemble(members, [biases[prior] for prior, _ in settings], rng)
    inputs, targets = task.train[0], task.train[1].expand(len(settings), -1)
    first = own_losses(members, scores(ensemble, inputs).unsqueeze(2), targets)
    for step, _ in ensemble.train(inputs, targets, steps=params.steps, batch=BATCH, rng=rng):
        if step == FIRST_UPDATES:
            early = own_losses(members, scores(ensemble, inputs).unsqueeze(2), targets)
    held_out, tested = scores(ensemble, task.validation[0]), scores(ensemble, task.test[0])
    for (prior, lr), *losses, validation, test in zip(settings, first, early, held_out, tested, strict=True):
        initial_loss, early_loss = (loss.item() for loss in losses)
        yield StartRow(
            condition=condition,
            prior=prior,
            lr=lr,
            initial_loss=initial_loss,
            early_loss=early_loss,
            validation_ap=average_precision(validation, task.validation[1]),
            test_ap=average_precision(test, task.test[1]),
        )


def with_and_without_prior(rows: Sequence[StartRow]) -> Mapping[str, Pairs] | Undecided:
    """Each start at the rate with the highest validation precision."""
    found = choose(rows, score=attrgetter("validation_ap"), arm=attrgetter("prior"))
    if reason := untuned(*found.values()):
        return Undecided(reason)
    none, some = found["none"].rows, found["set"].rows
    return {
        "loss after ten updates": Pairs(by_seed(none, "early_loss"), by_seed(some, "early_loss")),
        "ranking after all updates": Pairs(by_seed(some, "test_ap"), by_seed(none, "test_ap"), limits=(0.0, 1.0)),
    }


PART = Part(
    name="starts",
    row=StartRow,
    run=run,
    claims=(
        Claim(
            "prior_calms_the_start",
            statement="Starting at probability 0.01 calms the start, and the network ranks better in the end.",
            rule=Under(
                {
                    "loss after ten updates": Ratio("loss after ten updates without over with the prior", at_least=2.0),
                    "ranking after all updates": Effect("average precision with - without the prior", delta=0.01),
                }
            ),
            measure=with_and_without_prior,
            topic="Focal loss, prior of the output",
            predicted="holds",
            source="Lin et al. 2017, sections 3.3 and 4.1: without it training diverged",
        ),
    ),
    tables=(
        Table(
            "Training with and without prior",
            by=("condition", "prior", "lr"),
            columns=("initial_loss", "early_loss", "validation_ap", "test_ap"),
        ),
    ),
)
