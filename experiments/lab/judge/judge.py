"""The judge: from claims and rows to findings, with one family-wise level per experiment.

All statistical comparisons of an experiment, the parts of conditional claims included, share one level, 0.05 unless it
is judged in several looks, by Holm's step-down procedure, and each is reported with the interval of the level at which
it was judged. Theorems and facts need no level. The judge knows neither how rows are made nor where findings go.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from experiments.lab.judge.claims import Asked, Prediction
from experiments.lab.judge.compare import MismatchError, compare
from experiments.lab.judge.comparison import Comparison, Conditional, Decision, Settled
from experiments.lab.judge.measured import NotMeasured, NotRunError
from experiments.lab.judge.predicted import Basis, as_predicted, basis
from experiments.lab.judge.statistics import holm_levels
from experiments.lab.judge.verdict import EXACT_KINDS, Evidence, Kind, Verdict

FAMILY_WISE_ALPHA = 0.05
"""Level that all statistical comparisons of an experiment share."""

NOT_JUDGED = Decision(verdict="not judged", summary="smoke: not judged")


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A conditional claim's verdict under one condition."""

    condition: str
    kind: Kind
    verdict: Verdict
    label: str | None
    summary: str
    evidence: Evidence
    p_value: float | None = None
    """Smallest level that decides it, all looks counted; None where no level enters."""
    robustness: str = ""
    alternatives: Mapping[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Whether a finding confirms a claim that was fixed before its data were drawn, or only explores."""

    kind: Literal["confirmatory", "exploratory"] = "exploratory"
    why: str = "judged outside of a run"
    notable: bool = False
    """Whether the reader should be told why, as where a claim changed, a look was taken or seeds were seen before."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A claim, its verdict and the evidence; every field is plain data."""

    claim: str
    """The claim's name."""
    part: str
    """The part whose rows decide it; empty for several."""
    kind: Kind
    statement: str
    notes: str
    """Topic of the study notes."""
    rule: str
    verdict: Verdict
    predicted: Prediction
    source: str
    """Of the prediction."""
    label: str | None
    """In which way it was refuted."""
    summary: str
    """The evidence in one line."""
    evidence: Evidence
    p_value: float | None = None
    """Smallest level that all statistical comparisons under it may share for it to be decided, all looks counted."""
    robustness: str = ""
    """For which threshold a statistical verdict stands, and which other analyses agree."""
    alternatives: Mapping[str, Verdict] = field(default_factory=dict)
    """Other analyses -> what they say."""
    conditions: tuple[Condition, ...] = ()
    """For a conditional claim."""
    seeds: tuple[int, ...] = ()
    datasets: tuple[str, ...] = ()
    """Data sets that the rows name."""
    standing: Standing = Standing()

    @property
    def as_predicted(self) -> bool:
        """Whether the verdicts are those predicted."""
        return as_predicted(self.verdict, self.predicted, {one.condition: one.verdict for one in self.conditions})

    @property
    def basis(self) -> Basis:
        """What the verdict rests on: rates are told apart by it."""
        return basis(self.kind, [one.kind for one in self.conditions])

    def under(self, verdict: Verdict) -> list[str]:
        """The conditions with that verdict."""
        return [found.condition for found in self.conditions if found.verdict == verdict]

    def to_json(self) -> dict[str, Any]:
        """Dictionaries, lists, numbers, strings; a number that is not finite becomes None, which JSON can say."""
        return _jsonable(asdict(self))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Finding:
        """The finding that ``to_json`` gave, with None for numbers that were not finite.

        Raises:
            TypeError: the fields are those of another version.
        """
        lists = {name: tuple(stored[name]) for name in ("seeds", "datasets") if name in stored}
        conditions = tuple(Condition(**one) for one in stored.get("conditions", ()))
        standing = Standing(**stored.get("standing", {}))
        return cls(**{**stored, **lists, "conditions": conditions, "standing": standing})


def judge(asked: Sequence[Asked], *, smoke: bool, level: float = FAMILY_WISE_ALPHA) -> tuple[Finding, ...]:
    """Judge every claim on its rows, in their order; all statistical comparisons share ``level``.

    In smoke mode only theorems and facts are judged. A claim whose measure raises has failed and names the error, and
    the others are judged all the same.

    Raises:
        ValueError: two claims have one name.
        TypeError: a measure gives what its rule does not take.
    """
    names = [one.claim.name for one in asked]
    if len(set(names)) < len(names):
        raise ValueError(f"expected claims with different names, got {', '.join(names)}")
    comparisons = [_compare(one) for one in asked]
    leaves = [_leaves(comparison) for comparison in comparisons]
    levels = iter(_levels([leaf for of_claim in leaves for leaf in of_claim.values()], level))
    stood_on = _stood_on(asked)
    findings = []
    for one, comparison, of_claim in zip(asked, comparisons, leaves, strict=True):
        decisions = {condition: _decide(leaf, next(levels), smoke) for condition, leaf in of_claim.items()}
        finding = _finding(one, comparison, decisions, looks=FAMILY_WISE_ALPHA / level)
        findings.append(replace(finding, **stood_on[id(one.rows)]))
    return tuple(findings)


class _Failure(Settled):
    """A claim whose measure raised, which smoke mode reports too."""


def _compare(asked: Asked) -> Comparison:
    rule = asked.claim.rule
    try:
        return compare(rule, asked.measured())
    except NotRunError as left_out:
        return compare(rule, NotMeasured(str(left_out)))
    except MismatchError as fault:
        raise TypeError(f"claim {asked.claim.name}: {fault}") from None
    except Exception as error:
        p_value = None if rule.kind in EXACT_KINDS else math.nan
        return _Failure(kind=rule.kind, p_value=p_value, decision=_failed(error))


def _leaves(comparison: Comparison) -> Mapping[str, Comparison]:
    return comparison.parts if isinstance(comparison, Conditional) else {"": comparison}


def _levels(leaves: Sequence[Comparison], level: float) -> tuple[float, ...]:
    """Holm's level of every statistical comparison; theorems and facts ignore theirs."""
    tested = [i for i, leaf in enumerate(leaves) if leaf.p_value is not None]
    levels = [level] * len(leaves)
    adjusted = holm_levels([leaves[i].p_value or 0.0 for i in tested], level)
    for i, own_level in zip(tested, adjusted, strict=True):
        levels[i] = own_level
    return tuple(levels)


def _decide(leaf: Comparison, alpha: float, smoke: bool) -> Decision:
    is_told = isinstance(leaf, _Failure) or leaf.outcome == "not judged"
    if smoke and leaf.kind not in EXACT_KINDS and not is_told:
        return NOT_JUDGED
    try:
        return leaf.at(alpha)
    except Exception as error:
        return _failed(error)


def _failed(error: Exception) -> Decision:
    message = "; ".join(str(error).splitlines())
    return Decision(verdict="failed", summary=f"{type(error).__name__}: {message}" if message else type(error).__name__)


def _finding(asked: Asked, comparison: Comparison, decisions: Mapping[str, Decision], looks: float) -> Finding:
    conditions: tuple[Condition, ...] = ()
    if isinstance(comparison, Conditional):
        parts = comparison.parts
        conditions = tuple(_condition(name, parts[name], decision, looks) for name, decision in decisions.items())
        judged = all(decision is not NOT_JUDGED for decision in decisions.values())
        decision = comparison.combine(decisions) if judged else NOT_JUDGED
        broken = [one for one in decisions.values() if one.verdict == "failed"]
        decision = replace(decision, verdict="failed", summary=broken[0].summary) if broken else decision
    else:
        decision = decisions[""]
    claim = asked.claim
    return Finding(
        claim=claim.name,
        part=asked.part,
        kind=claim.kind,
        statement=claim.statement,
        notes=claim.topic,
        rule=claim.rule.sentence(),
        predicted=claim.predicted,
        source=claim.source,
        p_value=_p_value(comparison, looks),
        conditions=conditions,
        **vars(decision),
    )


def _stood_on(asked: Sequence[Asked]) -> dict[int, dict[str, Any]]:
    """Seeds and data sets of the rows, by their identity: the claims of a part have the same rows."""
    found = {}
    for rows in {id(one.rows): one.rows for one in asked}.values():
        datasets = tuple(sorted(map(str, _distinct(rows or (), "dataset"))))
        found[id(rows)] = {"seeds": tuple(sorted(_distinct(rows or (), "seed"))), "datasets": datasets}
    return found


def _distinct(rows: Iterable[Any], column: str) -> set[Any]:
    return {value for row in rows if (value := getattr(row, column, None)) is not None}


def _p_value(comparison: Comparison, looks: float) -> float | None:
    """Of a look at a part of the level so many times as large; 1 where no level could decide."""
    p = comparison.p_value
    return None if p is None else 1.0 if math.isnan(p) else min(1.0, p * looks)


def _condition(name: str, comparison: Comparison, decision: Decision, looks: float) -> Condition:
    p_value = _p_value(comparison, looks)
    return Condition(condition=name, kind=comparison.kind, p_value=p_value, **vars(decision))


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
