"""Does LoRA learn as much, forget less?

Does a low-rank update learn as much as fine-tuning in full, and does it forget less?

A base, a perceptron that knows digits or a small Llama that has read a text, learns a new task in full, with adapters
of several ranks, with a new head, with old examples among the new ones, and from scratch, each at several learning
rates. A Llama model of yours is fine-tuned on demonstrations of yours, and its adapter written for peft.

Notes: peft, LoRA; merging; tuning.

Source: Hu et al.: LoRA: Low-Rank Adaptation of Large Language Models, 2021; Biderman et al.: LoRA Learns Less and
Forgets Less, 2024.
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.adapt.lora import laws, own, training
from experiments.adapt.lora.measures import at_best, highest
from experiments.adapt.lora.params import FULL, REPLAY, Params
from experiments.adapt.lora.setup import prepare
from experiments.lab.answers import listing, mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Own, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    if not rows.if_run(training.PART) and rows.if_run(own.PART):
        return answer_of_own(rows.of(own.PART))
    best = at_best(rows.of(training.PART))
    adapter = highest(best)
    arms = {FULL: "in full", adapter: f"with {adapter.replace(', ', ' of ')}", REPLAY: "in full with replay"}
    learned, left = (
        listing(f"{percent(mean(best, column, arm=arm))} {words}" for arm, words in arms.items())
        for column in ("new_accuracy", "old_accuracy")
    )
    before = percent(mean(best, "old_accuracy_before", arm=FULL))
    return f"The accuracy on the new task is {learned}; of {before} on the old one are left {left}."


def answer_of_own(rows: Sequence[own.OwnRow]) -> str:
    before, *after = rows
    best = min(after, key=lambda row: row.validation_loss)
    return (
        f"Fine-tuning {number(best.trained_parameters)} parameters at the rate {best.lr:g} takes the loss per token of "
        f"unseen answers from {number(before.test_loss)} to {number(best.test_loss)} nats; {percent(best.test_right)} "
        f"of them are the most probable answer as a whole, {percent(before.test_right)} before."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, training.PART, own.PART),
    answer=answer,
    own=Own(
        given=lambda params: params.is_own, parts=(own.PART.name,), headline=Headline(own.PART, own.PART.tables[0])
    ),
    headline=Headline(
        training.PART,
        Table(
            "Each at the rate that validation chose",
            by=("arm", "lr"),
            columns=("trained_parameters", "new_accuracy", "old_accuracy"),
        ),
        pick=at_best,
    ),
)
