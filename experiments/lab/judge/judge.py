"""The judge: from claims and rows to findings, with one family-wise level per experiment.

All statistical comparisons of an experiment, the parts of conditional claims included, share alpha = 0.05 by Holm's
step-down procedure, and each is reported with the interval of the level at which it was judged. Theorems and facts
need no level. The judge knows neither how rows are made nor where findings go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from experiments.lab.judge.claims import Claim
from experiments.lab.judge.comparison import (
    EXACT_KINDS,
    Comparison,
    Conditional,
    Decision,
    Evidence,
    Kind,
    Settled,
    Verdict,
)
from experiments.lab.judge.statistics import holm_levels

FAMILY_WISE_ALPHA = 0.05

R = TypeVar("R")
_NOT_JUDGED = Decision(verdict="not judged", summary="smoke: not judged")


@dataclass(frozen=True, kw_only=True)
class Part:
    """A conditional claim's verdict under one condition."""

    condition: str
    kind: Kind
    verdict: Verdict
    label: str | None
    summary: str
    evidence: Evidence


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A claim, its verdict and the evidence; every field is plain data."""

    claim: str
    """The claim's name."""
    kind: Kind
    statement: str
    notes: str
    rule: str
    verdict: Verdict
    predicted: Verdict
    label: str | None
    """In which way it was refuted."""
    summary: str
    """The evidence in one line."""
    evidence: Evidence
    parts: tuple[Part, ...] = ()
    """One per condition, for a conditional claim."""
    seeds: tuple[int, ...] = ()
    datasets: tuple[str, ...] = ()
    """Data sets that the rows name."""

    @property
    def as_predicted(self) -> bool:
        """Whether the verdict is the literature's; a claim that was not judged contradicts nothing."""
        return self.verdict in (self.predicted, "not judged")

    def to_json(self) -> dict[str, Any]:
        """Dictionaries, lists, numbers, strings; a number that is not finite becomes None, which JSON can say."""
        return _jsonable(asdict(self))


def judge(claims: Sequence[Claim[R]], rows: Sequence[R], *, smoke: bool) -> tuple[Finding, ...]:
    """Judge every claim on the rows, in the order of the claims.

    In smoke mode only theorems and facts are judged. A claim whose function raises is inconclusive and names the
    error, and the others are judged all the same.

    Raises:
        TypeError: a claim declares another kind than that of its comparison.
        ValueError: two claims have one name.
    """
    if len({claim.name for claim in claims}) < len(claims):
        raise ValueError(f"expected claims with different names, got {', '.join(claim.name for claim in claims)}")
    comparisons = [_compare(claim, rows) for claim in claims]
    leaves = [_leaves(comparison) for comparison in comparisons]
    levels = iter(_levels([leaf for of_claim in leaves for leaf in of_claim.values()]))
    findings = []
    for claim, comparison, of_claim in zip(claims, comparisons, leaves, strict=True):
        decisions = {condition: _decide(leaf, next(levels), smoke) for condition, leaf in of_claim.items()}
        findings.append(_finding(claim, comparison, decisions, rows))
    return tuple(findings)


class _Failure(Settled):
    """A claim whose function raised, which smoke mode reports too."""


def _compare(claim: Claim[R], rows: Sequence[R]) -> Comparison:
    try:
        comparison = claim.judge(rows)
    except Exception as error:
        p_value = None if claim.kind in EXACT_KINDS else math.nan
        return _Failure(kind=claim.kind, p_value=p_value, decision=_failed(error))
    if comparison.kind != claim.kind:
        raise TypeError(
            f"claim {claim.name} declares kind {claim.kind}, but its function compares by {comparison.kind}"
        )
    return comparison


def _leaves(comparison: Comparison) -> Mapping[str, Comparison]:
    return comparison.parts if isinstance(comparison, Conditional) else {"": comparison}


def _levels(leaves: Sequence[Comparison]) -> tuple[float, ...]:
    """Holm's level of every statistical comparison; theorems and facts ignore theirs."""
    tested = [i for i, leaf in enumerate(leaves) if leaf.p_value is not None]
    levels = [FAMILY_WISE_ALPHA] * len(leaves)
    adjusted = holm_levels([leaves[i].p_value or 0.0 for i in tested], FAMILY_WISE_ALPHA)
    for i, level in zip(tested, adjusted, strict=True):
        levels[i] = level
    return tuple(levels)


def _decide(leaf: Comparison, alpha: float, smoke: bool) -> Decision:
    if smoke and leaf.kind not in EXACT_KINDS and not isinstance(leaf, _Failure):
        return _NOT_JUDGED
    try:
        return leaf.at(alpha)
    except Exception as error:
        return _failed(error)


def _failed(error: Exception) -> Decision:
    message = "; ".join(str(error).splitlines())
    return Decision(
        verdict="inconclusive", summary=f"{type(error).__name__}: {message}" if message else type(error).__name__
    )


def _finding(claim: Claim[R], comparison: Comparison, decisions: Mapping[str, Decision], rows: Sequence[R]) -> Finding:
    parts: tuple[Part, ...] = ()
    if isinstance(comparison, Conditional):
        parts = tuple(
            _part(condition, comparison.parts[condition], decision) for condition, decision in decisions.items()
        )
        judged = all(decision is not _NOT_JUDGED for decision in decisions.values())
        decision = comparison.combine(decisions) if judged else _NOT_JUDGED
    else:
        decision = decisions[""]
    return Finding(
        claim=claim.name,
        kind=claim.kind,
        statement=claim.statement,
        notes=claim.notes,
        rule=claim.rule,
        verdict=decision.verdict,
        predicted=claim.predicted,
        label=decision.label,
        summary=decision.summary,
        evidence=decision.evidence,
        parts=parts,
        seeds=tuple(sorted({seed for row in rows if (seed := getattr(row, "seed", None)) is not None})),
        datasets=tuple(sorted({str(name) for row in rows if (name := getattr(row, "dataset", None)) is not None})),
    )


def _part(condition: str, comparison: Comparison, decision: Decision) -> Part:
    return Part(
        condition=condition,
        kind=comparison.kind,
        verdict=decision.verdict,
        label=decision.label,
        summary=decision.summary,
        evidence=decision.evidence,
    )


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
