"""Rules as data: what decides a claim, with its threshold in one place.

A rule writes its own sentence, compares what a measure gives, and is hashed with its claim. Each names the quantity
that is judged in plain words, without the threshold: ``Effect("test accuracy, max - average pooling", delta=0.005)``.
The comparisons stand in ``checks``, ``paired`` and ``trends``, with their error rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from experiments.lab.judge.checks import counterexample, fact, proportion, theorem
from experiments.lab.judge.compare import Rule, compare
from experiments.lab.judge.comparison import Comparison, conditional
from experiments.lab.judge.measured import Instances, Measured, Observed, Pairs, Points, Trials
from experiments.lab.judge.paired import effect, equivalence, ratio
from experiments.lab.judge.trends import Direction, order, slope, slope_below
from experiments.lab.judge.verdict import Kind


@dataclass(frozen=True)
class Theorem:
    """A statement that must hold in every instance, and a control that must violate it."""

    of: str
    control: str
    """What must fail the same check."""
    tolerance: float = 0.0
    """Rounding allowed, derived from the data type."""
    kind: ClassVar[Kind] = "theorem"
    takes: ClassVar[type] = Instances

    def sentence(self) -> str:
        rounding = f" within {self.tolerance:g}" if self.tolerance else ""
        return f"{self.of}{rounding}, in every instance; {self.control} must fail the same check"

    def compare(self, tried: Instances) -> Comparison:
        return theorem(tried, tolerance=self.tolerance)


@dataclass(frozen=True)
class Counterexample:
    """A statement that instances are known to violate: shown, and refuted by one, but no prediction that came true.

    It has no control, since it cannot hold. As one condition of a claim it says where the statement ends.
    """

    of: str
    tolerance: float = 0.0
    kind: ClassVar[Kind] = "counterexample"
    takes: ClassVar[type] = Instances

    def sentence(self) -> str:
        return f"{self.of}: a counterexample is shown"

    def compare(self, tried: Instances) -> Comparison:
        return counterexample(tried, tolerance=self.tolerance)


@dataclass(frozen=True)
class Fact:
    """A value without chance that must equal the expected one."""

    of: str
    expected: object
    kind: ClassVar[Kind] = "fact"
    takes: ClassVar[type] = Observed

    def sentence(self) -> str:
        return f"{self.of} is {self.expected}"

    def compare(self, seen: Observed) -> Comparison:
        return fact(seen.value, self.expected)


@dataclass(frozen=True)
class Proportion:
    """A success rate of at least ``at_least``."""

    of: str
    at_least: float
    kind: ClassVar[Kind] = "proportion"
    takes: ClassVar[type] = Trials

    def sentence(self) -> str:
        return f"{self.of}: at least {self.at_least:g}, by the exact interval of independent trials"

    def compare(self, seen: Trials) -> Comparison:
        return proportion(seen, at_least=self.at_least)


@dataclass(frozen=True)
class Effect:
    """A difference, treatment - baseline, larger than ``delta``, the smallest that matters."""

    of: str
    delta: float
    kind: ClassVar[Kind] = "effect"
    takes: ClassVar[type] = Pairs

    def sentence(self) -> str:
        return f"{self.of} > {self.delta:g}, paired over seeds"

    def compare(self, arms: Pairs) -> Comparison:
        return effect(arms, delta=self.delta)


@dataclass(frozen=True)
class Ratio:
    """A ratio, treatment / baseline, larger than ``at_least``."""

    of: str
    at_least: float
    kind: ClassVar[Kind] = "effect"
    takes: ClassVar[type] = Pairs

    def sentence(self) -> str:
        return f"{self.of} > {self.at_least:g}, a ratio paired over seeds"

    def compare(self, arms: Pairs) -> Comparison:
        return ratio(arms, at_least=self.at_least)


@dataclass(frozen=True)
class Equivalence:
    """Two arms closer than ``margin``."""

    of: str
    margin: float
    kind: ClassVar[Kind] = "equivalence"
    takes: ClassVar[type] = Pairs

    def sentence(self) -> str:
        return f"{self.of}: a difference within ±{self.margin:g}, paired over seeds"

    def compare(self, arms: Pairs) -> Comparison:
        return equivalence(arms, margin=self.margin)


@dataclass(frozen=True)
class Slope:
    """The exponent b of y ~ x^b agrees with theory."""

    of: str
    theory: float
    tolerance: float
    kind: ClassVar[Kind] = "slope"
    takes: ClassVar[type] = Points

    def sentence(self) -> str:
        return f"{self.of}: an exponent of {self.theory:g} ± {self.tolerance:g}"

    def compare(self, points: Points) -> Comparison:
        return slope(points.x, points.y, theory=self.theory, tolerance=self.tolerance)


@dataclass(frozen=True)
class SlopeBelow:
    """The exponent b of y ~ x^b lies below ``limit``."""

    of: str
    limit: float
    kind: ClassVar[Kind] = "slope"
    takes: ClassVar[type] = Points

    def sentence(self) -> str:
        return f"{self.of}: an exponent below {self.limit:.4g}"

    def compare(self, points: Points) -> Comparison:
        return slope_below(points.x, points.y, limit=self.limit)


@dataclass(frozen=True)
class Order:
    """A measure that rises, or falls, along its grid."""

    of: str
    direction: Direction
    kind: ClassVar[Kind] = "order"
    takes: ClassVar[type] = Points

    def sentence(self) -> str:
        return f"{self.of}: {self.direction}, by Page's trend test"

    def compare(self, points: Points) -> Comparison:
        return order(points.x, points.y, direction=self.direction, path=points.path)


@dataclass(frozen=True)
class Each:
    """One rule under every condition that the measure names, such as every initialization."""

    rule: Rule
    per: str
    """What the conditions are, in the singular."""
    kind: ClassVar[Kind] = "conditional"
    takes: ClassVar[type] = Mapping

    def sentence(self) -> str:
        return f"Per {self.per}: {self.rule.sentence()}"

    def compare(self, found: Mapping[str, Measured]) -> Comparison:
        return conditional({condition: compare(self.rule, measured) for condition, measured in found.items()})


@dataclass(frozen=True)
class Under:
    """A rule of its own under each named condition."""

    rules: Mapping[str, Rule]
    kind: ClassVar[Kind] = "conditional"
    takes: ClassVar[type] = Mapping

    def sentence(self) -> str:
        return "; ".join(f"{condition}: {rule.sentence()}" for condition, rule in self.rules.items())

    def compare(self, found: Mapping[str, Measured]) -> Comparison:
        """Conditions that the measure leaves out are not judged."""
        return conditional(
            {condition: compare(self.rules[condition], measured) for condition, measured in found.items()}
        )


__all__ = [
    "Counterexample",
    "Each",
    "Effect",
    "Equivalence",
    "Fact",
    "Order",
    "Proportion",
    "Ratio",
    "Rule",
    "Slope",
    "SlopeBelow",
    "Theorem",
    "Under",
    "compare",
]
