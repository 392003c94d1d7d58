"""What does supervised tuning train on?

What does supervised fine-tuning train on, and what is user feedback to it?

A small Llama that has read a text is fine-tuned on questions and answers, with the loss on the answers or on all
tokens; the same network learns them from scratch. Pairs of a right and a wrong answer then train it further, by DPO.
Which tokens count, and what becomes of a preference, is tried on random demonstrations.

Notes: SFT, question and answer; user feedback.

Source: Ouyang et al.: Training Language Models to Follow Instructions with Human Feedback, 2022; Rafailov et al.:
Direct Preference Optimization, 2023.
"""

from __future__ import annotations

from experiments.adapt.sft import laws, preferences, training
from experiments.adapt.sft.setup import ALL, ANSWERS, SCRATCH, Params, prepare
from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    best = training.at_best(rows.of(training.PART))
    right = {arm: percent(mean(best, "right", arm=arm)) for arm in (ANSWERS, ALL, SCRATCH)}
    before, after = (percent(mean(best, column, arm=ANSWERS)) for column in ("well_formed_before", "well_formed"))
    return (
        f"With the loss on answers only, {after} of the answers to new questions have the right form, {before} before, "
        f"and {right[ANSWERS]} are right; {right[ALL]} are with the loss on all tokens, {right[SCRATCH]} from scratch."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, training.PART, preferences.PART),
    answer=answer,
    headline=Headline(
        training.PART,
        Table(
            "Each at the rate that validation chose",
            by=("arm", "lr"),
            columns=("right", "well_formed"),
        ),
        pick=training.at_best,
    ),
)
