"""What records say of claims: the verdict of the run that stands for the study, where it judged today's sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.display.claim_lines import condition_words
from cli.notes.note import NOT_JUDGED, Sentence
from cli.past.best import rank
from experiments.lab.catalog import find
from experiments.lab.errors import InputError, meant
from experiments.lab.record import FORMAT, Record, records

Key = tuple[str, str]
"""(study, claim)"""


@dataclass(frozen=True)
class Judgement:
    """A claim's verdict and where it comes from."""

    verdict: str
    conditions: Mapping[str, str] = field(default_factory=dict)
    """Condition -> verdict."""
    summary: str = ""
    """The evidence in one line."""
    record: str = ""
    published: bool = False
    """Whether it came with mlnotes and not from a run here."""


Judgements = Mapping[Key, Judgement]
UNSETTLED = ("conditional", "inconclusive")
"""Verdicts that need their conditions named."""


def judgements(names: Collection[str]) -> Judgements:
    """The newest judgement of every claim of these studies; claims that no run here decided are missing.

    Runs at the study's own size and parameters come before others. A finding whose sentence is not the claim's any
    more decided another claim.
    """
    wanted = statements(names)
    ours = [record for record in records() if record.meta["study"] in names and record.meta.get("format", 1) >= FORMAT]
    found: dict[Key, Judgement] = {}
    for record in sorted(ours, key=rank):
        for finding in record.readable_findings():
            key = record.meta["study"], finding["claim"]
            if finding["verdict"] != NOT_JUDGED and finding["statement"] == wanted.get(key):
                found.setdefault(key, _judgement(record, finding))
    return found


def statements(names: Collection[str]) -> dict[Key, str]:
    """The sentences of the claims of these studies."""
    return {(name, claim.name): claim.statement for name in names for claim in find(name).claims}


def judgements_of(record: Record) -> dict[Key, Judgement]:
    """What one record says, as of the claims of its experiment, whichever of its studies it is."""
    findings = (finding for finding in record.findings() if finding["verdict"] != NOT_JUDGED)
    return {(record.meta["experiment"], finding["claim"]): _judgement(record, finding) for finding in findings}


def verdict_of(sentence: Sentence, known: Judgements) -> str:
    """The verdict on a sentence, under its condition where it names one; empty where nothing here decided it.

    Raises:
        InputError: the claim has no such condition.
    """
    found = known.get(sentence.key)
    if found is None or not sentence.condition:
        return found.verdict if found else ""
    if sentence.condition not in found.conditions:
        if not found.conditions:
            raise InputError(f"{sentence.study}/{sentence.claim} has no conditions, such as {sentence.condition}")
        problem = f"{sentence.study}/{sentence.claim} has no condition {sentence.condition}"
        raise InputError(f"{problem}: {meant(sentence.condition, found.conditions)}")
    verdict = found.conditions[sentence.condition]
    return "" if verdict == NOT_JUDGED else verdict


def conditions_of(sentence: Sentence, known: Judgements) -> str:
    """Under which conditions a sentence holds and fails, where its verdict depends on them; else nothing."""
    found = known.get(sentence.key)
    if found is None or sentence.condition or found.verdict not in UNSETTLED or not found.conditions:
        return ""
    words = condition_words(found.conditions)
    return words[-1] if found.verdict == "conditional" else words[0]


def _judgement(record: Record, finding: Mapping[str, Any]) -> Judgement:
    conditions = {one["condition"]: one["verdict"] for one in finding["conditions"]}
    return Judgement(finding["verdict"], conditions, finding["summary"], record.id)
