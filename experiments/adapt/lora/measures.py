"""A network after fine-tuning, and what claims judge of all of them: every arm at the rate that validation chose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from experiments.adapt.lora.params import FULL, HEAD, REPLAY, SCRATCH, adapter_name
from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.answers import listing, mean, percent
from experiments.lab.experiment import Row, kept, observation
from experiments.lab.judge.measured import Instances, NotMeasured, Pairs, Points, Undecided
from experiments.lab.judge.measures import by_seed, points

LORA = "LoRA"


@observation
class AdaptedRow(Row):
    """One network after fine-tuning on the new task."""

    dataset: str
    arm: str
    lr: float
    trained_parameters: int
    possible_rank: int
    """Of a layer's change: that of the adapter, or all that the layer's shape allows."""
    rank: int
    """Of the layers' changes, the largest; singular values below 1e-5 of the first do not count."""
    validation_accuracy: float
    new_accuracy: float
    """On test examples of the new task; of text the share of answers that are right as a whole."""
    old_accuracy: float
    """On test examples of the old task; of text the share of next bytes that are the most probable ones."""
    old_accuracy_before: float
    """Of the base."""


Rows = Sequence[AdaptedRow]
Choices = Mapping[str, Choice[AdaptedRow]]


def chosen(rows: Rows) -> Choices:
    """Arm -> its runs at the rate of best validation accuracy."""
    return choose(rows, score=lambda row: row.validation_accuracy)


def at_best(rows: Rows) -> Rows:
    """The runs of every arm at its best rate."""
    return [row for choice in chosen(rows).values() for row in choice.rows]


def _adapters(choices: Choices) -> dict[str, Choice[AdaptedRow]]:
    return {arm: choice for arm, choice in choices.items() if arm.startswith(LORA)}


def _tuned_pairs(
    treatment: Choice[AdaptedRow], baseline: Choice[AdaptedRow], column: str = "new_accuracy"
) -> Pairs | Undecided:
    if reason := untuned(treatment, baseline):
        return Undecided(reason)
    return Pairs(by_seed(treatment.rows, column), by_seed(baseline.rows, column))


def ranks_beyond(rows: Rows) -> Instances:
    """By how much the rank of an adapter's change exceeds the adapter's; of full fine-tuning, that of the largest."""
    of_lora = [row for row in rows if row.arm.startswith(LORA)]
    largest = max(row.possible_rank for row in of_lora)
    return Instances(
        errors=[max(0, row.rank - row.possible_rank) for row in of_lora],
        control=[max(0, row.rank - largest) for row in kept(rows, {"arm": FULL})],
    )


def beside_full(rows: Rows) -> Mapping[str, Pairs | Undecided]:
    choices = chosen(rows)
    return {arm: _tuned_pairs(choice, choices[FULL]) for arm, choice in _adapters(choices).items()}


def over_ranks(rows: Rows) -> Points | Undecided:
    adapters = _adapters(chosen(rows)).values()
    if reason := untuned(*adapters):
        return Undecided(reason)
    return points([row for choice in adapters for row in choice.rows], "possible_rank", "new_accuracy")


def against(treatment: str, baseline: str) -> Callable[[Rows], Pairs | Undecided | NotMeasured]:
    """New accuracy of two arms, each at its best rate."""

    def measure(rows: Rows) -> Pairs | Undecided | NotMeasured:
        choices = chosen(rows)
        if treatment not in choices:
            return NotMeasured(f"needs the arm {treatment}")
        return _tuned_pairs(choices[treatment], choices[baseline])

    return measure


rank_one_or_head = against(adapter_name(1), HEAD)
beside_scratch = against(FULL, SCRATCH)


def replay(rows: Rows) -> Mapping[str, Pairs | Undecided]:
    """Old accuracy beside the base's, new accuracy beside that of full fine-tuning without replay."""
    choices = chosen(rows)
    replayed, new = choices[REPLAY], _tuned_pairs(choices[REPLAY], choices[FULL])
    old = Pairs(by_seed(replayed.rows, "old_accuracy"), by_seed(replayed.rows, "old_accuracy_before"))
    return {"the old task": new if isinstance(new, Undecided) else old, "the new task": new}


def at_equal_new_accuracy(rows: Rows) -> Mapping[str, Pairs | Undecided]:
    """Per rank: old accuracy at its best rate, against full fine-tuning's where that is as accurate on the new task."""
    choices = chosen(rows)
    full = [row for row in kept(rows, {"arm": FULL}) if row.lr <= choices[FULL].setting]

    def compared(choice: Choice[AdaptedRow]) -> Pairs | Undecided:
        if reason := untuned(choice, choices[FULL]):
            return Undecided(reason)
        equal = {row.seed: old_of_full(full, row.seed, row.new_accuracy) for row in choice.rows}
        return Pairs(by_seed(choice.rows, "old_accuracy"), equal)

    return {arm: compared(choice) for arm, choice in _adapters(choices).items()}


def old_of_full(full: Rows, seed: int, new_accuracy: float) -> float:
    """Old accuracy of full fine-tuning where it reaches a new accuracy, between the two nearest of its rates.

    Its curve goes up to its best rate. Below its least accurate point the old accuracy is that of this point, which is
    too small; so the comparison favors whoever is compared with it.
    """
    import numpy as np

    curve = sorted((row.new_accuracy, row.old_accuracy) for row in full if row.seed == seed)
    new, old = zip(*curve, strict=True)
    return float(np.interp(new_accuracy, new, old))


def forgotten(rows: Rows) -> str:
    """What the curve of both accuracies shows."""
    best = at_best(rows)
    before = percent(mean(best, "old_accuracy_before", arm=FULL))
    left = {arm: percent(mean(best, "old_accuracy", arm=arm)) for arm in (FULL, highest(best), REPLAY)}
    return f"Of {before} on the old task are left {listing(f'{share} ({arm})' for arm, share in left.items())}"


def best_rates(rows: Rows) -> str:
    """What the curve of the rates shows."""
    choices = chosen(rows)
    rates = listing(f"{choices[arm].setting:g} ({arm})" for arm in (FULL, highest(rows), HEAD))
    return f"The most accurate rates are {rates}"


def highest(rows: Rows) -> str:
    """The adapter of highest rank."""
    return max((row for row in rows if row.arm.startswith(LORA)), key=lambda row: row.possible_rank).arm
