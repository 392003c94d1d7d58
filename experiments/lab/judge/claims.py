"""Claims: one sentence, the rule that decides it, and the measure from rows to what the rule judges.

Conventions: alpha is two-sided; an interval at alpha covers with probability 1 - alpha; arms are matched by seed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from experiments.lab.judge.compare import Rule
from experiments.lab.judge.measured import Measured, NotMeasured, Undecided
from experiments.lab.judge.verdict import Kind

D = TypeVar("D")

Predicted = Literal["holds", "refuted"]
Prediction = Predicted | Mapping[str, Predicted]
"""One verdict, or one per condition: "conditional" would be right for any mix, "inconclusive" for any failure."""


@dataclass(frozen=True)
class Claim(Generic[D]):
    """One sentence that rows can decide. Claims stand as literal calls in the source, where ``list`` reads them."""

    name: str
    """In snake_case, a sentence in the present tense."""
    statement: str
    """The claim in plain English, in our own words."""
    rule: Rule
    measure: Callable[[D], Measured | Mapping[str, Measured]]
    """From the rows of a part (of several: ``Rows``) to what the rule judges."""
    topic: str
    """Topic of the study notes that it comes from."""
    predicted: Prediction
    source: str
    """Where the prediction comes from: a citation that can be looked up, or "pilot" for an earlier run of ours."""

    @property
    def kind(self) -> Kind:
        return self.rule.kind


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A claim with the rows that decide it."""

    part: str
    """Empty for a claim over several parts."""
    claim: Claim[Any]
    rows: Any
    """None where the part was not run."""

    def measured(self) -> Measured | Mapping[str, Measured]:
        """What the claim's measure says."""
        return NotMeasured(f"part {self.part} was not run") if self.rows is None else self.claim.measure(self.rows)


__all__ = ["Asked", "Claim", "Measured", "NotMeasured", "Prediction", "Undecided"]
