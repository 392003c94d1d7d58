"""Networks fine-tuned on few labels at a grid of learning rates, and arms against each other at their best ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.experiment import Row, observation
from experiments.lab.judge.measured import NotMeasured, Pairs, Points, Undecided
from experiments.lab.judge.measures import by_seed


@observation
class FineTunedRow(Row):
    """One network, fine-tuned at one rate."""

    dataset: str
    arm: str
    labels_per_class: int
    lr: float
    train_loss: float
    """Mean of the last ten batches."""
    validation_accuracy: float
    test_accuracy: float
    test_images: int


R = TypeVar("R", bound=FineTunedRow)
Compared = Pairs | Undecided | NotMeasured


def best_rates(rows: Sequence[R]) -> dict[tuple[str, int], Choice[R]]:
    """(arm, labels per class) -> its runs at the rate of highest mean validation accuracy."""
    if not rows:
        return {}
    return choose(rows, score=lambda row: row.validation_accuracy, arm=lambda row: (row.arm, row.labels_per_class))


def at_best(rows: Sequence[R]) -> list[R]:
    """The rows of every arm and number of labels at their best rate."""
    return [row for choice in best_rates(rows).values() for row in choice.rows]


def compared(rows: Sequence[FineTunedRow], treatment: str, baseline: str, labels: int) -> Compared:
    """Test accuracy of two arms with as many labels per class, each at its best rate, if it is inside the grid."""
    choices = best_rates([row for row in rows if row.labels_per_class == labels and row.arm in (treatment, baseline)])
    first, second = choices.get((treatment, labels)), choices.get((baseline, labels))
    if first is None or second is None:
        return NotMeasured(f"needs the arms {treatment} and {baseline} with {labels} labels per class")
    named = (replace(choice, arm=f"{choice.rows[0].arm} with {labels} labels") for choice in (first, second))
    if reason := untuned(*named):
        return Undecided(reason)
    arms = (by_seed(choice.rows, "test_accuracy") for choice in (first, second))
    return Pairs(*arms, items=first.rows[0].test_images)


def with_labels(treatment: str, baseline: str, labels: int) -> Callable[[Sequence[FineTunedRow]], Compared]:
    """The measure of two arms with ``labels`` per class."""
    return lambda rows: compared(rows, treatment, baseline, labels)


def per_labels(treatment: str, baseline: str) -> Callable[[Sequence[FineTunedRow]], Mapping[str, Compared]]:
    """The measure of two arms for every number of labels."""

    def measure(rows: Sequence[FineTunedRow]) -> Mapping[str, Compared]:
        counts = sorted({row.labels_per_class for row in rows if row.arm in (treatment, baseline)})
        return {f"{count} labels": compared(rows, treatment, baseline, count) for count in counts}

    return measure


def gain_by_labels(
    treatment: str, baseline: str
) -> Callable[[Sequence[FineTunedRow]], Points | Undecided | NotMeasured]:
    """The measure of how much better one arm is than another, over the numbers of labels."""

    def measure(rows: Sequence[FineTunedRow]) -> Points | Undecided | NotMeasured:
        counts = sorted({row.labels_per_class for row in rows if row.arm in (treatment, baseline)})
        found = [compared(rows, treatment, baseline, count) for count in counts]
        for one in found:
            if not isinstance(one, Pairs):
                return one
        pairs = [one for one in found if isinstance(one, Pairs)]
        seeds = sorted(pairs[0].treatment)
        return Points(counts, {seed: [one.treatment[seed] - one.baseline[seed] for one in pairs] for seed in seeds})

    return measure


def gain_lost(treatment: str, baseline: str, few: int, many: int) -> Callable[[Sequence[FineTunedRow]], Compared]:
    """The measure of how much better one arm is than another with ``few`` labels, and with ``many``."""

    def measure(rows: Sequence[FineTunedRow]) -> Compared:
        first, second = (compared(rows, treatment, baseline, count) for count in (few, many))
        if not isinstance(first, Pairs) or not isinstance(second, Pairs):
            return second if isinstance(first, Pairs) else first
        gains = ({seed: one.treatment[seed] - one.baseline[seed] for seed in one.treatment} for one in (first, second))
        return Pairs(*gains)

    return measure
