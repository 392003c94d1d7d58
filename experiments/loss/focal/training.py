"""Losses trained side by side from one start, each at every learning rate; and the best ranking that there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect
from experiments.loss.focal.setup import BATCH, Tasks, scores

if TYPE_CHECKING:
    from torch import Tensor


@observation
class TrainingRow(Row):
    """One loss at one learning rate."""

    condition: str
    """Positives to negatives."""
    loss: str
    lr: float
    validation_ap: float
    test_ap: float
    calibration_error: float
    """|mean probability - share of positives| on the test set."""
    easy_share_as_ce: float
    """Share of the test set's whole loss that easy negatives make, were it cross-entropy."""
    easy_share_as_focal: float


@observation
class CeilingRow(Row):
    condition: str
    likelihood_ratio_ap: float


def run(tasks: Tasks) -> Iterator[Event]:
    conditions = tasks.conditions()
    for done, condition in enumerate(conditions):
        yield Progress("conditions", done, len(conditions))
        yield from train_all(tasks, condition)


def train_all(tasks: Tasks, condition: str) -> Iterator[TrainingRow]:
    from experiments.foundation.networks.ensemble import Member
    from experiments.foundation.networks.scores.binary_losses import binary_cross_entropy, focal, prior_bias
    from experiments.loss.core.imbalance import average_precision, easy_share

    params, task = tasks.params, tasks.task(condition)
    (inputs, targets), (_, held_out), (_, tested) = task.train, task.validation, task.test
    settings = [(loss, lr) for loss in params.losses for lr in params.lrs]
    bias = 0.0 if params.prior is None else prior_bias(params.prior)
    rng = task.drawn.clone_state()
    ensemble = task.ensemble([Member(task.losses[loss], lr) for loss, lr in settings], [bias] * len(settings), rng)
    for _ in ensemble.train(inputs, targets.expand(len(settings), -1), steps=params.steps, batch=BATCH, rng=rng):
        pass
    of_validation, of_test = scores(ensemble, task.validation[0]), scores(ensemble, task.test[0])
    for (loss, lr), validation, logits in zip(settings, of_validation, of_test, strict=True):
        probability = logits.double().sigmoid()
        as_ce = binary_cross_entropy(logits, tested)
        as_focal = focal(logits, tested, gamma=params.gamma, alpha=params.alpha)
        yield TrainingRow(
            condition=condition,
            loss=loss,
            lr=lr,
            validation_ap=average_precision(validation, held_out),
            test_ap=average_precision(logits, tested),
            calibration_error=calibration_error(probability, tested),
            easy_share_as_ce=easy_share(as_ce, probability, tested),
            easy_share_as_focal=easy_share(as_focal, probability, tested),
        )


def calibration_error(probability: Tensor, targets: Tensor) -> float:
    """|mean probability - share of positives|."""
    return (probability.mean() - targets.mean()).abs().item()


def run_ceiling(tasks: Tasks) -> Iterator[CeilingRow]:
    """In clouds, whose densities are known."""
    from experiments.loss.core.imbalance import average_precision, clouds_likelihood_ratio

    for condition in tasks.conditions():
        if not condition.startswith("dense"):
            inputs, targets = tasks.task(condition).test
            best = average_precision(clouds_likelihood_ratio(inputs), targets)
            yield CeilingRow(condition=condition, likelihood_ratio_ap=best)


def tuned(rows: Sequence[TrainingRow], condition: str) -> dict[str, Choice[TrainingRow]]:
    """Loss -> its learning rate with the highest mean validation precision."""
    chosen = [row for row in rows if row.condition == condition]
    return choose(chosen, score=attrgetter("validation_ap"), arm=attrgetter("loss"))


def at_tuned_rates(rows: Sequence[TrainingRow]) -> list[TrainingRow]:
    conditions = dict.fromkeys(row.condition for row in rows)
    return [row for condition in conditions for choice in tuned(rows, condition).values() for row in choice.rows]


def easy_negatives(rows: Sequence[TrainingRow]) -> Pairs | NotMeasured | Undecided:
    """Their share by cross-entropy and by focal loss, of the networks that focal loss trained."""
    focal = tuned(rows, rows[0].condition).get("focal")
    if focal is None:
        return NotMeasured("needs the loss focal")
    if reason := untuned(focal):
        return Undecided(reason)
    return Pairs(*(by_seed(focal.rows, column) for column in ("easy_share_as_ce", "easy_share_as_focal")))


def precision_by_condition(rows: Sequence[TrainingRow]) -> Mapping[str, Pairs | Undecided]:
    return {row.condition: against_best_cross_entropy(rows, row.condition) for row in rows}


def against_best_cross_entropy(rows: Sequence[TrainingRow], condition: str) -> Pairs | Undecided:
    """Focal loss against the better of plain and weighted cross-entropy on validation data."""
    found = tuned(rows, condition)
    if not {"ce", "wce", "focal"} <= found.keys():
        return Undecided("expected trainings by ce, wce and focal")
    rival = max((found["ce"], found["wce"]), key=lambda choice: choice.score)
    if reason := untuned(found["focal"], rival):
        return Undecided(reason)
    return Pairs(by_seed(found["focal"].rows, "test_ap"), by_seed(rival.rows, "test_ap"))


def calibration_by_loss(rows: Sequence[TrainingRow]) -> Mapping[str, Pairs | Undecided] | NotMeasured:
    """Each loss at the rate with which it ranks best on validation data: best calibrated is what learned nothing."""
    found = tuned(rows, rows[0].condition)
    if "ce" not in found:
        return NotMeasured("needs the loss ce")
    of: dict[str, Pairs | Undecided] = {}
    for loss in ("focal", "wce"):
        if loss in found:
            reason = untuned(found["ce"], found[loss])
            gaps = (by_seed(found[name].rows, "calibration_error") for name in (loss, "ce"))
            of[loss] = Undecided(reason) if reason else Pairs(*gaps)
    return of


PART = Part(
    name="training",
    row=TrainingRow,
    run=run,
    claims=(
        Claim(
            "easy_negatives_lose_their_share",
            statement="Easy negatives make a smaller share of focal loss than of cross-entropy, by 20 points.",
            rule=Effect("share of the loss of one model, as cross-entropy - as focal loss", delta=0.2),
            measure=easy_negatives,
            topic="A smaller weight for easy examples",
            predicted="holds",
            source="Lin et al. 2017",
        ),
        Claim(
            "focal_ranks_better",
            statement="Focal loss ranks better than plain and weighted cross-entropy, by one point of AP.",
            rule=Each(
                Effect(
                    "average precision of focal - the better cross-entropy, each at its rate by validation", delta=0.01
                ),
                per="task",
            ),
            measure=precision_by_condition,
            topic="Focal loss, ranking of rare positives",
            predicted="refuted",
            source="pilot",
        ),
        Claim(
            "weighting_costs_calibration",
            statement="Focal loss and weighted cross-entropy are worse calibrated than plain cross-entropy, by 0.01.",
            rule=Each(Effect("|mean probability - share of positives|, loss - plain", delta=0.01), per="loss"),
            measure=calibration_by_loss,
            topic="Focal loss, calibration",
            predicted="holds",
            source="pilot",
        ),
    ),
    tables=(
        Table(
            "Losses at every learning rate",
            by=("condition", "loss", "lr"),
            columns=("validation_ap", "test_ap", "calibration_error", "easy_share_as_ce", "easy_share_as_focal"),
        ),
    ),
)
CEILING = Part(
    name="ceiling",
    row=CeilingRow,
    run=run_ceiling,
    tables=(Table("Best possible ranking", by=("condition",), columns=("likelihood_ratio_ap",)),),
)
