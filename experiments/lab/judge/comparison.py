"""What a comparison is: evidence that knows from which level on it decides, and which way.

The base of the comparisons in ``checks``, ``paired`` and ``trends``. A
comparison is made of numbers alone and knows neither its claim nor its neighbors: the judge sets alpha.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from experiments.lab.judge.mean import SeedMean
from experiments.lab.judge.robustness import Card
from experiments.lab.judge.verdict import EXACT_KINDS, Evidence, Kind, Verdict


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A comparison judged at one level."""

    verdict: Verdict
    summary: str
    """One line of text for the terminal."""
    evidence: Evidence = field(default_factory=dict)
    label: str | None = None
    """In which way it was refuted, such as "negligible"."""
    robustness: str = ""
    """For which threshold it stands and which alternatives agree, in one line."""
    alternatives: Mapping[str, Verdict] = field(default_factory=dict)
    """Other analyses -> what they say."""


class Comparison(Protocol):
    """Evidence for or against a claim. It is decided at alpha exactly when ``p_value <= alpha``."""

    @property
    def kind(self) -> Kind: ...

    @property
    def p_value(self) -> float | None:
        """Smallest alpha that decides it; None if no level enters (theorem, fact), nan if no level could decide it."""

    @property
    def outcome(self) -> Verdict:
        """The verdict wherever it is decided; "inconclusive" if it never is."""

    def at(self, alpha: float) -> Decision:
        """The verdict at alpha, in (0, 1), with its evidence."""


@dataclass(frozen=True, kw_only=True)
class Settled:
    """A comparison on which the level has no influence."""

    kind: Kind
    p_value: float | None
    decision: Decision

    @property
    def outcome(self) -> Verdict:
        return self.decision.verdict

    def at(self, alpha: float) -> Decision:
        check_level(alpha)
        return self.decision


@dataclass(frozen=True, kw_only=True)
class Tested:
    """A statistical comparison: ``outcome`` from ``p_value`` on, "inconclusive" below."""

    kind: Kind
    p_value: float
    outcome: Verdict
    report: Callable[[float, Verdict], Decision]
    """Words and numbers for the verdict at alpha."""
    by_seed: Mapping[int, float] = field(default_factory=dict)
    """Seed -> what is judged, to tell conditions apart."""
    matters: float = 0.0
    """Difference between two conditions that is worth a word, on the same scale."""
    card: Callable[[float], Card] | None = None
    """How robust the verdict at alpha is."""

    def at(self, alpha: float) -> Decision:
        check_level(alpha)
        verdict = self.outcome if self.p_value <= alpha else "inconclusive"
        decision = self.report(alpha, verdict)
        if self.card is None:
            return decision
        card = self.card(alpha)
        return replace(decision, robustness=card.line(verdict), alternatives=card.alternatives)


def undecided(kind: Kind, reason: str) -> Comparison:
    """No evidence either way, for a stated reason: an optimum at the edge of its grid, a peer not installed.

    An undecided statistical comparison still counts in Holm's correction, so that leaving data out never makes a
    level milder.
    """
    return _unsettled(kind, "inconclusive", reason)


def unavailable(kind: Kind, reason: str) -> Comparison:
    """Not to be judged in this run, because an arm, a device or a data set is absent that the user can provide.

    Unlike ``undecided`` it says nothing about the evidence, so it contradicts no prediction. It counts in Holm's
    correction all the same.
    """
    return _unsettled(kind, "not judged", reason)


def _unsettled(kind: Kind, verdict: Verdict, reason: str) -> Comparison:
    p_value = None if kind in EXACT_KINDS else math.nan
    return Settled(kind=kind, p_value=p_value, decision=Decision(verdict=verdict, summary=reason))


@dataclass(frozen=True, kw_only=True)
class Conditional:
    """Comparisons under named conditions; the judge sets the level of each of them apart.

    All hold: holds. All refuted: refuted. At least one holds and at least one is refuted: conditional, whatever the
    others say, if these two differ by more than what matters; effects of 0.0105 and 0.0095 around a threshold of 0.01
    do not make it a condition. Everything else is inconclusive.
    """

    parts: Mapping[str, Comparison]
    kind: Literal["conditional"] = "conditional"

    @property
    def outcome(self) -> Verdict:
        return _overall([part.outcome for part in self.parts.values()])

    @property
    def p_value(self) -> float | None:
        """Smallest common alpha that decides: of all parts, or of one that holds and one that is refuted."""
        if all(part.p_value is None for part in self.parts.values()):
            return None
        first = {"holds": math.inf, "refuted": math.inf}
        for part in self.parts.values():
            if part.outcome in first:
                first[part.outcome] = min(first[part.outcome], _threshold(part))
        last = max(map(_threshold, self.parts.values()))
        smallest = min(last, max(first.values()))
        return smallest if smallest < math.inf else math.nan

    def at(self, alpha: float) -> Decision:
        return self.combine({condition: part.at(alpha) for condition, part in self.parts.items()})

    def combine(self, decisions: Mapping[str, Decision]) -> Decision:
        """The verdict over all conditions from the decision under each."""
        counts = Counter(decision.verdict for decision in decisions.values())
        reasons = {decision.summary for decision in decisions.values()}
        if set(counts) == {"not judged"} and len(reasons) == 1:
            return Decision(verdict="not judged", summary=reasons.pop())
        verdict = _overall([decision.verdict for decision in decisions.values()])
        said = "; ".join(
            f"{verdict} under {', '.join(name for name, decision in decisions.items() if decision.verdict == verdict)}"
            for verdict in sorted(counts)
        )
        if verdict == "conditional" and not self._differ(decisions):
            verdict, said = "inconclusive", f"{said}; but they do not differ by what matters"
        rest = _without_one({name: decision.verdict for name, decision in decisions.items()})
        alternatives = {} if self.p_value is None else rest
        return Decision(
            verdict=verdict,
            summary=said,
            evidence={"conditions": len(decisions), **dict(sorted(counts.items()))},
            robustness=Card("", alternatives).line(verdict),
            alternatives=alternatives,
        )

    def _differ(self, decisions: Mapping[str, Decision]) -> bool:
        """Whether some condition that holds lies further from one that is refuted than what matters.

        Paired over the seeds that they share, at 95 %; conditions of exact kinds, or without values by seed, differ by
        their verdicts alone.
        """
        held, refuted = (
            [self.parts[name] for name, decision in decisions.items() if decision.verdict == verdict]
            for verdict in ("holds", "refuted")
        )
        return any(_apart(one, other) for one in held for other in refuted)


def _apart(one: Comparison, other: Comparison) -> bool:
    if not (isinstance(one, Tested) and isinstance(other, Tested) and one.by_seed and other.by_seed):
        return True
    common = sorted(set(one.by_seed) & set(other.by_seed))
    if len(common) < 3:
        return True
    scale = max(abs(found.by_seed[seed]) for found in (one, other) for seed in common)
    gap = SeedMean(tuple(one.by_seed[seed] - other.by_seed[seed] for seed in common), scale, exact=True)
    return gap.p_outside(-min(one.matters, other.matters), min(one.matters, other.matters)) <= 0.05


def conditional(parts: Mapping[str, Comparison]) -> Comparison:
    """Judge one comparison per condition; "conditional" if one holds and another is refuted (see ``Conditional``)."""
    if any(part.kind == "conditional" for part in parts.values()):
        raise ValueError(
            "expected comparisons under each condition, got a conditional inside a conditional; list its parts instead"
        )
    return Conditional(parts=dict(parts)) if parts else undecided("conditional", "no condition was compared")


def check_level(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ValueError(f"expected a level between 0 and 1, got {alpha}")


def _overall(verdicts: list[Verdict]) -> Verdict:
    seen = set(verdicts)
    if {"holds", "refuted"} <= seen:
        return "conditional"
    return seen.pop() if len(seen) == 1 else "inconclusive"


def _without_one(verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """What is left of the whole where one condition is left out."""
    if len(verdicts) < 2:
        return {}
    return {
        f"without {name}": _overall([verdict for other, verdict in verdicts.items() if other != name])
        for name in verdicts
    }


def _threshold(part: Comparison) -> float:
    if part.outcome in ("inconclusive", "not judged") or (part.p_value is not None and math.isnan(part.p_value)):
        return math.inf
    return part.p_value or 0.0
