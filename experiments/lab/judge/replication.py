"""A study repeated on fresh seeds: which verdicts are the same, and whether effects lie where they were expected.

The mean of n' new values lies, with 95 %, within t_(n-1) s sqrt(1/n + 1/n') of that of n former ones: a prediction
interval, wider than that of the truth (Spence, Stanley, Prediction Interval: What to Expect When You're Expecting a
Replication, PLoS ONE 11, 2016).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scipy.special import stdtrit

from experiments.lab.judge.judge import Condition, Finding
from experiments.lab.judge.mean import Interval
from experiments.lab.judge.predicted import Basis
from experiments.lab.judge.verdict import Evidence

DECIDED = ("holds", "refuted", "conditional")
SCALES: Mapping[str, bool] = {"difference": False, "slope": False, "ratio": True}
"""Names of effects in the evidence -> whether their spread is that of logarithms."""

Change = Literal["same", "flip", "lost", "gained", "other"]
"""Between decided verdicts a flip; lost is decided to undecided, gained undecided to decided."""


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """An effect measured again."""

    before: float
    predicted: Interval
    after: float

    @property
    def inside(self) -> bool:
        return self.predicted.low <= self.after <= self.predicted.high


@dataclass(frozen=True, kw_only=True)
class Replication:
    """A claim judged again."""

    claim: str
    basis: Basis
    before: str
    after: str
    effects: Mapping[str, Repeated]
    """By condition; the empty one for a claim without."""

    @property
    def change(self) -> Change:
        if self.before == self.after:
            return "same"
        decided = self.before in DECIDED, self.after in DECIDED
        if decided == (True, True):
            return "flip"
        if self.after == "inconclusive":
            return "lost" if decided[0] else "other"
        return "gained" if decided[1] and self.before == "inconclusive" else "other"


def replications(before: Sequence[Finding], after: Sequence[Finding]) -> list[Replication]:
    """The claims that were judged both times, in the order of the later findings."""
    former = {one.claim: one for one in before if one.verdict != "not judged"}
    return [
        Replication(
            claim=one.claim,
            basis=one.basis,
            before=former[one.claim].verdict,
            after=one.verdict,
            effects=dict(_effects(former[one.claim], one)),
        )
        for one in after
        if one.claim in former and one.verdict != "not judged"
    ]


def prediction_interval(evidence: Evidence, effect: str, n: int) -> Interval | None:
    """Where the mean of n new seeds is expected with 95 %; None where the evidence has no spread."""
    sd, seeds, mean = evidence.get("sd"), evidence.get("n_seeds"), evidence[effect]
    if not (isinstance(sd, float) and isinstance(seeds, int) and isinstance(mean, float)):
        return None
    half = -float(stdtrit(seeds - 1, 0.025)) * sd * math.sqrt(1 / seeds + 1 / n)
    if SCALES[effect]:
        return Interval(mean * math.exp(-half), mean * math.exp(min(half, 700.0)))
    return Interval(mean - half, mean + half)


def _effects(before: Finding, after: Finding) -> Iterator[tuple[str, Repeated]]:
    former = {one.condition: one for one in before.conditions}
    pairs: list[tuple[str, Finding | Condition, Finding | Condition]] = [("", before, after)]
    pairs += [(one.condition, former[one.condition], one) for one in after.conditions if one.condition in former]
    for name, first, second in pairs:
        effect = next((word for word in SCALES if word in first.evidence and word in second.evidence), None)
        seeds = second.evidence.get("n_seeds")
        if effect is None or not isinstance(seeds, int):
            continue
        predicted, again = prediction_interval(first.evidence, effect, seeds), second.evidence[effect]
        if predicted is not None and isinstance(again, float):
            yield name, Repeated(before=float(first.evidence[effect]), predicted=predicted, after=again)
