"""The answers after fine-tuning, with the loss on answers or on all tokens, from a base or from scratch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence

from experiments.adapt.sft.setup import ALL, ANSWERS, SCRATCH, Questions
from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Curve, Event, Note, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Effect


@observation
class AnswerRow(Row):
    """One network after fine-tuning, on questions about unseen words."""

    dataset: str
    arm: str
    lr: float
    validation_right: float
    right: float
    """Share of answers that are right, to the last byte."""
    well_formed: float
    """Share of answers that are of the right kind, a number or a letter, and end there."""
    right_before: float
    """Of the base."""
    well_formed_before: float


def run(questions: Questions) -> Iterator[Event]:
    from experiments.adapt.core.answers import well_formed
    from experiments.adapt.core.demonstrations import examples_of, share_right
    from experiments.adapt.core.fine_tuning import fine_tune
    from experiments.adapt.core.text_base import untrained
    from experiments.foundation.networks.timing import one_thread, reproducible

    asked, (base, note) = questions.params, questions.base()
    yield Note(note)
    train, validation, test = questions.asked()
    with reproducible(questions.seed):
        fresh = untrained(asked.dim, asked.layers)
    before = share_right(base, examples_of(test)), well_formed(base, test)
    runs = [(arm, lr) for arm in (ANSWERS, ALL, SCRATCH) for lr in asked.lrs]
    for done, (arm, lr) in enumerate(runs):
        yield Progress("fine-tuning", done, len(runs))
        network = questions.tuned(lr) if arm == ANSWERS else copy.deepcopy(fresh if arm == SCRATCH else base)
        if arm != ANSWERS:
            learned = examples_of(train, masked=arm != ALL)
            fine_tune(network, learned, lr=lr, steps=asked.steps, batch_size=asked.batch_size, seed=questions.seed)
        with one_thread():
            yield AnswerRow(
                dataset=questions.dataset,
                arm=arm,
                lr=lr,
                validation_right=share_right(network, examples_of(validation)),
                right=share_right(network, examples_of(test)),
                well_formed=well_formed(network, test),
                right_before=before[0],
                well_formed_before=before[1],
            )


def chosen(rows: Sequence[AnswerRow]) -> Mapping[str, Choice[AnswerRow]]:
    """Arm -> its runs at the rate of most right answers on validation questions."""
    return choose(rows, score=lambda row: row.validation_right)


def at_best(rows: Sequence[AnswerRow]) -> Sequence[AnswerRow]:
    return [row for choice in chosen(rows).values() for row in choice.rows]


def columns(treatment: str, baseline: str) -> Callable[[Sequence[AnswerRow]], Pairs | Undecided]:
    """Two columns of the network that had the loss on answers only."""

    def measure(rows: Sequence[AnswerRow]) -> Pairs | Undecided:
        choice = chosen(rows)[ANSWERS]
        if reason := untuned(choice):
            return Undecided(reason)
        return Pairs(by_seed(choice.rows, treatment), by_seed(choice.rows, baseline))

    return measure


def beside(baseline: str) -> Callable[[Sequence[AnswerRow]], Pairs | Undecided]:
    """Right answers with the loss on answers only, beside another arm."""

    def measure(rows: Sequence[AnswerRow]) -> Pairs | Undecided:
        choices = chosen(rows)
        both = choices[ANSWERS], choices[baseline]
        if reason := untuned(*both):
            return Undecided(reason)
        return Pairs(*(by_seed(choice.rows, "right") for choice in both))

    return measure


def answers_right(rows: Sequence[AnswerRow]) -> str:
    """What the curve shows."""
    best = at_best(rows)
    shares = [percent(mean(best, "right", arm=arm)) for arm in (ANSWERS, ALL, SCRATCH)]
    return f"Right answers: {shares[0]} with the loss on answers, {shares[1]} on all tokens, {shares[2]} from scratch"


PART = Part(
    name="training",
    row=AnswerRow,
    run=run,
    claims=(
        Claim(
            "sft_teaches_the_form",
            statement="Fine-tuned on demonstrations, a network gives nine tenths more of unseen questions an answer of "
            "the right form, a number or a letter alone.",
            rule=Effect("share of answers of the right form, after - before", delta=0.9),
            measure=columns("well_formed", "well_formed_before"),
            topic="SFT",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "sft_teaches_the_answers",
            statement="Fine-tuning on demonstrations takes right answers to unseen questions up by 30 points.",
            rule=Effect("share of right answers, after - before", delta=0.3),
            measure=columns("right", "right_before"),
            topic="SFT",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "the_form_comes_before_the_answers",
            statement="The form comes before the answers: 10 points more answers have the right form than are right.",
            rule=Effect("share of answers of the right form - share of right answers", delta=0.1),
            measure=columns("well_formed", "right"),
            topic="SFT: format",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "pre_training_pays",
            statement="With as many steps on the same demonstrations, a network that has read a text gives 5 points "
            "more right answers than a new one.",
            rule=Effect("share of right answers, from the base - from scratch", delta=0.05),
            measure=beside(SCRATCH),
            topic="SFT: pre-training",
            predicted="refuted",
            source="pilot",
        ),
        Claim(
            "masking_the_prompt_pays",
            statement="The loss on answers alone gives a point more right answers than the loss on all tokens.",
            rule=Effect("share of right answers, answers only - all tokens", delta=0.01),
            measure=beside(ALL),
            topic="SFT: masking",
            predicted="holds",
            source="pilot",
        ),
    ),
    tables=(
        Table(
            "Every arm at every rate",
            by=("arm", "lr"),
            columns=("validation_right", "right", "well_formed"),
        ),
    ),
    curves=(Curve("right_by_rate", "lr", "right", "arm", x_scale="log", title=answers_right),),
)
