"""The verdicts that mlnotes was published with, for a reader who has run nothing yet.

``conf/verdicts.json`` has, by study and claim, the sentence, its verdict, the evidence, and the conditions. ``mlnotes
notes --publish`` writes it from the records on this machine, after every study was run.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from cli.notes.judgements import Judgement, Judgements, Key, judgements, statements
from experiments.lab import catalog
from experiments.lab.catalog import studies

FILE = "verdicts.json"


def judgements_or_published(names: Collection[str]) -> Judgements:
    """What records here say of the claims of these studies; where they say nothing, what was published."""
    return {**dict(_published(names)), **judgements(names)}


def publish() -> tuple[Path, int]:
    """Write what records here say of every claim; the file, and how many claims have no verdict."""
    names = [study.name for study in studies()]
    known, wanted = judgements(names), statements(names)
    by_study: dict[str, dict[str, Any]] = {}
    for study, claim in sorted(known):
        found = known[study, claim]
        by_study.setdefault(study, {})[claim] = {
            "statement": wanted[study, claim],
            "verdict": found.verdict,
            "summary": found.summary,
            "conditions": dict(found.conditions),
        }
    place = catalog.CONF / FILE
    place.write_text(json.dumps(by_study, indent=1) + "\n", encoding="utf-8")
    return place, len(wanted) - len(known)


def _published(names: Collection[str]) -> Iterator[tuple[Key, Judgement]]:
    """Those whose sentence is still the claim's."""
    place = catalog.CONF / FILE
    by_study = json.loads(place.read_text(encoding="utf-8")) if place.is_file() else {}
    for key, statement in statements(names).items():
        one = by_study.get(key[0], {}).get(key[1])
        if one and one["statement"] == statement:
            yield key, Judgement(one["verdict"], one["conditions"], one["summary"], published=True)
