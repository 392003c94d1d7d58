"""Pairs of a right and a wrong answer: DPO from the fine-tuned network on, beside as many more steps of fine-tuning."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.adapt.sft.setup import Questions
from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Effect

if TYPE_CHECKING:
    from torch import nn

DPO, LONGER = "DPO on pairs", "fine-tuned longer"
BETA, SHARE, SLOWER = 0.1, 0.4, 10
"""Beta of DPO; the steps of both arms, of those of the fine-tuning, and how much smaller their rates are."""


@observation
class PreferenceRow(Row):
    """The fine-tuned network after further training."""

    dataset: str
    arm: str
    lr: float
    validation_right: float
    right: float
    """Share of answers to test questions that are right, to the last byte."""
    right_before: float
    """Of the fine-tuned network."""
    log_probability: float
    """Mean over the demonstrations, in nats: of the right answer as a whole."""
    log_probability_before: float


def run(questions: Questions) -> Iterator[Event]:
    from experiments.adapt.core.demonstrations import examples_of, share_right

    lrs, (_, validation, test) = questions.params.lrs, questions.asked()
    tuned = max(map(questions.tuned, lrs), key=lambda network: share_right(network, examples_of(validation)))
    before = share_right(tuned, examples_of(test)), _log_probability(tuned, questions)
    arms = [(arm, lr / SLOWER) for arm in (DPO, LONGER) for lr in lrs]
    for done, (arm, lr) in enumerate(arms):
        yield Progress("preferences", done, len(arms))
        network = _trained(questions, tuned, arm, lr)
        yield PreferenceRow(
            dataset=questions.dataset,
            arm=arm,
            lr=lr,
            validation_right=share_right(network, examples_of(validation)),
            right=share_right(network, examples_of(test)),
            right_before=before[0],
            log_probability=_log_probability(network, questions),
            log_probability_before=before[1],
        )


def _trained(questions: Questions, tuned: nn.Module, arm: str, lr: float) -> nn.Module:
    from experiments.adapt.core.demonstrations import examples_of
    from experiments.adapt.core.fine_tuning import fine_tune
    from experiments.adapt.core.preferences import PreferenceRecipe, other_answers, prefer

    asked, train, network = questions.params, questions.asked()[0], copy.deepcopy(tuned)
    steps, size, seed = max(1, round(SHARE * asked.steps)), asked.batch_size, questions.seed
    if arm == DPO:
        recipe = PreferenceRecipe(beta=BETA, lr=lr, steps=steps, batch_size=size, seed=seed)
        prefer(network, train, other_answers(train), recipe)
    else:
        fine_tune(network, examples_of(train), lr=lr, steps=steps, batch_size=size, seed=seed)
    return network


def _log_probability(network: nn.Module, questions: Questions) -> float:
    import torch

    from experiments.adapt.core.preferences import log_probabilities_of

    with torch.no_grad():
        return float(log_probabilities_of(network, questions.asked()[0]).mean())


def chosen(rows: Sequence[PreferenceRow]) -> Mapping[str, Choice[PreferenceRow]]:
    """Arm -> its runs at the rate of most right answers on validation questions."""
    return choose(rows, score=lambda row: row.validation_right)


def right_answers(rows: Sequence[PreferenceRow]) -> Pairs | Undecided:
    choices = chosen(rows)
    if reason := untuned(choices[DPO], choices[LONGER]):
        return Undecided(reason)
    return Pairs(*(by_seed(choices[arm].rows, "right") for arm in (DPO, LONGER)))


def displacement(rows: Sequence[PreferenceRow]) -> Pairs | Undecided:
    choice = chosen(rows)[DPO]
    if reason := untuned(choice):
        return Undecided(reason)
    return Pairs(*(by_seed(choice.rows, column) for column in ("log_probability_before", "log_probability")))


PART = Part(
    name="preferences",
    row=PreferenceRow,
    run=run,
    claims=(
        Claim(
            "preferences_teach_more",
            statement="After fine-tuning, DPO on pairs of a right and a wrong answer gives a point more right answers "
            "than as many further steps of fine-tuning.",
            rule=Effect("share of right answers, DPO - fine-tuned longer", delta=0.01),
            measure=right_answers,
            topic="User feedback: DPO",
            predicted="refuted",
            source="no publication known: both have seen every right answer, and a wrong one tells little",
        ),
        Claim(
            "dpo_lowers_the_right_answers_too",
            statement="DPO makes the right answers themselves, on which it trains, less probable.",
            rule=Effect("log-probability of the right answer in nats, before - after", delta=0.0),
            measure=displacement,
            topic="User feedback: DPO",
            predicted="holds",
            source="Pal et al. 2024 (Smaug): DPO's loss can fall while the preferred answer loses probability",
        ),
    ),
    tables=(
        Table(
            "After fine-tuning: pairs, or more of the same",
            by=("arm", "lr"),
            columns=("right_before", "right", "log_probability_before", "log_probability"),
        ),
    ),
)
