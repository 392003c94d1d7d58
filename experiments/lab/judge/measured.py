"""What a measure hands to its rule: numbers of two arms, instances, points of a grid, trials, one observed value.

A measure is a function from the rows of a part to one of these, or for a claim with conditions to a mapping from the
condition's name to one of these. Values of an arm are a mapping from seed to number, so arms are matched by seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field

BySeed = Mapping[int, float]


@dataclass(frozen=True)
class Pairs:
    """Two arms: for Effect, Ratio and Equivalence."""

    treatment: BySeed
    baseline: BySeed
    """A value that is not finite is a run that failed."""
    _: KW_ONLY
    exact: bool = False
    """Whether equal values are certain because there is no chance in them: counts, FLOPs, identities."""
    items: int | None = None
    """Test items of one seed where a value is a share of items: an accuracy is never known better than they allow."""
    overlap: float = 0.0
    """Test over training items where every seed splits one finite pool of items anew."""
    limits: tuple[float, float] | None = None
    """Smallest and largest value that the measure can have: for the worst case of runs that failed or are missing."""

    others: Mapping[str, BySeed] = field(default_factory=dict)
    """Other baselines that the rows have, by name, such as an untuned one: judged beside this one as alternatives."""

    @classmethod
    def against(cls, values: BySeed, constant: float, *, exact: bool = False) -> Pairs:
        """One arm against a number that is known."""
        return cls(values, dict.fromkeys(values, constant), exact=exact)

    @property
    def both(self) -> tuple[BySeed, BySeed]:
        return self.treatment, self.baseline


@dataclass(frozen=True)
class Instances:
    """Errors of a statement in its instances, and of a control that must violate it: for Theorem and Counterexample."""

    errors: Sequence[float]
    """One per instance; 0 or 1 for a property that an instance has or lacks."""
    control: Mapping[str, Sequence[float]] | Sequence[float] = ()
    """Errors of what must fail, by name where there are several: each must violate the statement of a Theorem."""
    counterexample: str | None = None
    """An instance that violates it, in words that a person can check by hand."""
    all_of: str = ""
    """What is listed without exception, such as "all n up to 40": such a list has no rate of violations."""

    @property
    def controls(self) -> Mapping[str, Sequence[float]]:
        """The controls by name; a single one is the control."""
        return self.control if isinstance(self.control, Mapping) else {"the control": self.control}


@dataclass(frozen=True)
class Points:
    """A measure over a grid of settings, repeated over seeds: for Slope, SlopeBelow and Order."""

    x: Sequence[float]
    y: Mapping[int, Sequence[float]]
    """Seed -> values in the order of ``x``."""
    path: bool = False
    """Whether the points are one run at successive times, so that neighbors depend on each other."""


@dataclass(frozen=True)
class Trials:
    """Successes among trials: for Proportion."""

    by_seed: Mapping[int, tuple[int, int]]
    """Seed -> (successes, trials)."""
    independent: bool = False
    """Whether trials of one seed share nothing that was drawn, as fresh random instances; else they may be alike."""

    @classmethod
    def of(cls, outcomes: Iterable[tuple[int, bool | float]], *, independent: bool = False) -> Trials:
        """From (seed, whether it succeeded) of every trial."""
        counted: dict[int, tuple[int, int]] = {}
        for seed, succeeded in outcomes:
            successes, trials = counted.get(seed, (0, 0))
            counted[seed] = successes + bool(succeeded), trials + 1
        return cls(counted, independent)

    @property
    def successes(self) -> int:
        return sum(successes for successes, _ in self.by_seed.values())

    @property
    def trials(self) -> int:
        return sum(trials for _, trials in self.by_seed.values())


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
