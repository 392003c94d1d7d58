"""Arms of a comparison as validation chose them: dial after dial, each by ``foundation.networks.tuning``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import Any, Generic, TypeVar

from experiments.foundation.networks.tuning import choose, untuned
from experiments.lab.experiment import Row
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed

R = TypeVar("R", bound=Row)
BOTH = ("smallest", "largest")


@dataclass(frozen=True)
class Dial:
    """A column that is chosen."""

    column: str
    what: str = "learning rate"
    open_ends: tuple[str, ...] = BOTH
    """Ends of its grid beyond which something lies that was not tried."""


@dataclass(frozen=True)
class Tuned(Generic[R]):
    """The runs of an arm at the settings that validation chose."""

    rows: Sequence[R]
    reason: str | None
    """Why they are not tuned; None where they are."""


def tuned(
    rows: Sequence[R],
    arm: Callable[[R], str],
    *dials: Dial,
    score: Callable[[R], float] = attrgetter("validation_accuracy"),
) -> dict[str, Tuned[R]]:
    """Arm -> its runs at the best setting of the first dial for every setting of the others, then of the second, ...

    Raises:
        TuningError: an arm has fewer settings than another.
    """
    reasons: dict[Any, str | None] = {}
    for place, dial in enumerate(dials):
        choices = choose(rows, score=score, arm=partial(_key, arm, dials[place + 1 :]), setting=attrgetter(dial.column))
        reasons = {
            key: reasons.get(_key(arm, dials[place:], choice.rows[0]))
            or (untuned(replace(choice, arm=key[0]), what=dial.what) if choice.edge in dial.open_ends else None)
            for key, choice in choices.items()
        }
        rows = [row for choice in choices.values() for row in choice.rows]
    return {name: Tuned([row for row in rows if arm(row) == name], reason) for (name,), reason in reasons.items()}


def _key(arm: Callable[[R], str], dials: Sequence[Dial], row: R) -> tuple[Any, ...]:
    return (arm(row), *(getattr(row, dial.column) for dial in dials))


def compared(column: str, treatment: Tuned[R], baseline: Tuned[R]) -> Pairs | Undecided:
    """A column of two arms, if both are tuned."""
    reason = baseline.reason or treatment.reason
    return Undecided(reason) if reason else Pairs(by_seed(treatment.rows, column), by_seed(baseline.rows, column))
