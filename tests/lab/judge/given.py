"""A claim whose comparison is given, for tests of what comes after the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from experiments.lab.judge.claims import Asked, Claim
from experiments.lab.judge.comparison import Comparison
from experiments.lab.judge.measured import Observed
from experiments.lab.judge.rules import Effect, Rule
from experiments.lab.judge.verdict import Kind


@dataclass(frozen=True)
class Given:
    """A rule that compares whatever is measured by the same comparison."""

    comparison: Comparison
    takes: type = object

    @property
    def kind(self) -> Kind:
        return self.comparison.kind

    def sentence(self) -> str:
        return "r"

    def compare(self, measured: object) -> Comparison:
        return self.comparison


def given(
    comparison: Comparison | Exception, rows: Sequence[object] = (), *, name: str = "given", predicted: Any = "holds"
) -> Asked:
    """The claim of this comparison, or one whose measure raises."""

    def measure(rows: Sequence[object]) -> Observed:
        if isinstance(comparison, Exception):
            raise comparison
        return Observed(None)

    rule: Rule = Effect("e", delta=0.0) if isinstance(comparison, Exception) else Given(comparison)
    claim = Claim(
        name, statement=f"{name}.", rule=rule, measure=measure, topic="test", predicted=predicted, source="pilot"
    )
    return Asked(part="toy", claim=claim, rows=rows)
