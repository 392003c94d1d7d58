"""What ``mlnotes show NAME`` says of a study without running it, as the document that ``--json`` prints."""

from __future__ import annotations

import re
from typing import Any

from cli.display.console import consoles
from cli.document import print_document
from cli.listing import list_document
from cli.plans import composition, keys_of
from cli.seal import seals_document
from cli.study_page import study_page
from experiments.lab.catalog import Study, find, load
from experiments.lab.experiment import Rows
from experiments.lab.judge.claims import Claim
from experiments.lab.record import encode

Document = dict[str, Any]


def print_study(name: str, *, json: bool) -> None:
    """Print everything that is known of a study without running it."""
    document = show_document(find(name))
    if json:
        print_document(encode(document))
    else:
        consoles().results.print(study_page(document))


def show_document(study: Study) -> Document:
    """A study as ``show --json`` gives it: with its sources and every parameter."""
    experiment = load(study.experiment)
    composed = composition(study).values()
    parameters = [
        {
            "name": field.name,
            "legal": field.legal,
            "choices": list(field.choices),
            "default": composed.get(field.name, field.default),
            "smoke": field.default,
            "meaning": field.meaning,
        }
        for field in keys_of(experiment)
    ]
    about = {"notes": section(study.docstring, "Notes"), "source": section(study.docstring, "Source")}
    claims = [_claim_document(asked.part, asked.claim) for asked in experiment.asked(Rows({}))]
    parts = [part.name for part in experiment.parts]
    found = {**list_document(study), **about, "parts": parts, "parameters": parameters, "claims": claims}
    return {**found, "seals": seals_document(study)}


def _claim_document(part: str, claim: Claim[Any]) -> Document:
    return {
        "name": claim.name,
        "part": part,
        "kind": claim.kind,
        "statement": claim.statement,
        "notes": claim.topic,
        "rule": claim.rule.sentence(),
        "predicted": claim.predicted,
        "source": claim.source,
    }


def section(docstring: str, title: str) -> str:
    """What follows ``title:`` up to an empty line or the next title, on one line; empty where there is none."""
    begins = r"(?:^|(?<=[.;]\s))"
    ends = rf"{begins}(?:Notes?|Sources?):|^\s*$|\Z"
    found = re.search(rf"{begins}{title}s?:(.*?)(?={ends})", docstring, re.MULTILINE | re.DOTALL)
    return " ".join(found.group(1).split()) if found else ""
