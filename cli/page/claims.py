"""Claims as the page shows them: verdict, conditions by name, evidence, and what would have refuted them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cli.display.findings import measured_text, prediction_text
from cli.page.refutation import what_would_refute
from cli.page.text import anchor
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.judge import Finding

SIGNS = {"holds": "✓", "refuted": "✗", "conditional": "~", "inconclusive": "?", "failed": "!", "not judged": "–"}
WORDS = {"conditional": "depends", "inconclusive": "undecided"}
"""Verdicts that a reader who knows no statistics finds under another word."""
ORDER = ("refuted", "failed", "conditional", "inconclusive", "holds", "not judged")


@dataclass(frozen=True)
class Verdict:
    """A verdict with its sign and its word; the style is its name in CSS."""

    verdict: str

    @property
    def sign(self) -> str:
        return SIGNS.get(self.verdict, "?")

    @property
    def word(self) -> str:
        return WORDS.get(self.verdict, self.verdict)

    @property
    def plural(self) -> str:
        """The word where several claims have it."""
        return {"holds": "hold", "conditional": "depend"}.get(self.verdict, self.word)

    @property
    def style(self) -> str:
        return self.verdict.replace(" ", "-")


@dataclass(frozen=True)
class Place:
    """A sentence of the notes and where it stands on the page."""

    sentence: str
    section: str
    anchor: str
    section_anchor: str


@dataclass(frozen=True)
class ConditionView:
    """A claim under one condition."""

    name: str
    verdict: Verdict
    evidence: str
    robustness: str


@dataclass(frozen=True)
class ClaimView:
    """Everything that the page says of one claim."""

    anchor: str
    name: str
    statement: str
    verdict: Verdict
    evidence: str
    robustness: str
    """For which threshold the verdict stands, and which other analyses agree."""
    conditions: tuple[ConditionView, ...]
    rule: str
    refuted_by: str
    predicted: str
    as_predicted: bool
    source: str
    topic: str
    data: str
    standing: str
    """Why it confirms or only explores; empty where nobody needs to be told."""
    place: Place | None
    """Where the notes say it."""


NOWHERE: Mapping[str, Place] = MappingProxyType({})


def claim_views(
    study: str, findings: Sequence[Finding], claims: Sequence[Claim[Any]], places: Mapping[str, Place] = NOWHERE
) -> tuple[ClaimView, ...]:
    """The claims of a run, surprises first, then what does not simply hold; ``places`` are those of the notes."""
    rules = {claim.name: claim.rule for claim in claims}
    views = (_view(study, finding, rules, places.get(finding.claim)) for finding in sorted(findings, key=_rank))
    return tuple(views)


def counted(verdicts: Sequence[str]) -> tuple[tuple[int, Verdict], ...]:
    """How often each verdict came, the best first."""
    counts = Counter(verdicts)
    order = ("holds", "conditional", "refuted", "inconclusive", "failed", "not judged")
    return tuple((counts[verdict], Verdict(verdict)) for verdict in order if counts[verdict])


def _rank(finding: Finding) -> tuple[bool, int]:
    return finding.as_predicted, ORDER.index(finding.verdict)


def _view(study: str, finding: Finding, rules: Mapping[str, Any], place: Place | None) -> ClaimView:
    rule = rules.get(finding.claim)
    is_same = rule is not None and rule.sentence() == finding.rule
    standing = finding.standing
    conditions = finding.conditions if finding.verdict != "not judged" else ()  # one reason says it for all
    return ClaimView(
        anchor=anchor(study, finding.claim),
        name=finding.claim,
        statement=finding.statement,
        verdict=Verdict(finding.verdict),
        evidence="" if conditions else measured_text(finding),
        robustness="" if conditions else finding.robustness,
        conditions=tuple(
            ConditionView(one.condition, Verdict(one.verdict), measured_text(one), one.robustness) for one in conditions
        ),
        rule=finding.rule,
        refuted_by=what_would_refute(rule) if rule is not None and is_same else "",
        predicted=prediction_text(finding.predicted),
        as_predicted=finding.as_predicted,
        source=finding.source,
        topic=finding.notes,
        data=", ".join(finding.datasets),
        standing=f"{standing.kind}: {standing.why}" if standing.notable else "",
        place=place,
    )
