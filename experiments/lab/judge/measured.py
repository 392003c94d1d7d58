"""What a measure hands to its rule: numbers of two arms, instances, points of a grid, trials, one observed value.

A measure is a function from the rows of a part to one of these, or for a claim with conditions to a mapping from the
condition's name to one of these. Values of an arm are a mapping from seed to number, so arms are matched by seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BySeed = Mapping[int, float]


@dataclass(frozen=True)
class Pairs:
    """Two arms: for Effect, Ratio and Equivalence."""

    treatment: BySeed
    baseline: BySeed

    @classmethod
    def against(cls, values: BySeed, constant: float) -> Pairs:
        """One arm against a number that is known."""
        return cls(values, dict.fromkeys(values, constant))


@dataclass(frozen=True)
class Instances:
    """Errors of a statement in its instances, and of a control that must violate it: for Theorem."""

    errors: Sequence[float]
    """One per instance; 0 or 1 for a property that an instance has or lacks."""
    control: Sequence[float]
    counterexample: str | None = None
    """An instance that violates it, in words that a person can check by hand."""


@dataclass(frozen=True)
class Points:
    """A measure over a grid of settings, repeated over seeds: for Slope, SlopeBelow and Order."""

    x: Sequence[float]
    y: Mapping[int, Sequence[float]]
    """Seed -> values in the order of ``x``."""


@dataclass(frozen=True)
class Trials:
    """Successes among independent trials: for Proportion."""

    successes: int
    trials: int


@dataclass(frozen=True)
class Observed:
    """One value that is known without chance: for Fact."""

    value: object


@dataclass(frozen=True)
class Undecided:
    """No evidence either way, for a stated reason, such as an optimum at the edge of its grid."""

    reason: str


@dataclass(frozen=True)
class NotMeasured:
    """Not to be judged in this run, because an arm, a device or a data set is absent that the user can provide."""

    reason: str


Measured = Pairs | Instances | Points | Trials | Observed | Undecided | NotMeasured


class NotRunError(LookupError):
    """The part whose rows are asked for was left out of the run."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part

    def __str__(self) -> str:
        return f"part {self.part} was not run"
