"""``mlnotes list`` and ``mlnotes show``: what the studies ask and claim. Listing reads text only."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from cli.document import print_document
from experiments.lab.catalog import Study, find, studies

if TYPE_CHECKING:
    from experiments.lab.judge.claims import Claim

Document = dict[str, Any]


def print_list(family: str | None, *, json: bool) -> None:
    """Print the studies of a family, or all of them."""
    found = studies(family)
    if json:
        print_document({"studies": [list_document(study) for study in found]})
    elif sys.stdout.isatty():
        _print_colored(found)
    else:
        for study in found:
            sys.stdout.write("\n".join(plain_lines(study)) + "\n")


def print_study(name: str, *, json: bool) -> None:
    """Print everything that is known of a study without running it."""
    document = show_document(find(name))
    if json:
        from experiments.lab.record import encode

        print_document(encode(document))
    else:
        from cli.display.console import consoles
        from cli.study_page import study_page

        consoles().results.print(study_page(document))


def list_document(study: Study) -> Document:
    """A study as ``list --json`` gives it."""
    return {
        "name": study.name,
        "experiment": study.experiment,
        "family": study.family,
        "question": study.question,
        "summary": study.summary,
        "claims": [asdict(claim) for claim in study.claims],
    }


def show_document(study: Study) -> Document:
    """A study as ``show --json`` gives it: with its sources and every parameter."""
    from cli.plans import composition, keys_of
    from cli.seal import seals_document
    from experiments.lab.catalog import load
    from experiments.lab.experiment import Rows

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
    """The paragraph of a docstring that begins with ``title:``, on one line; empty where there is none."""
    found = re.search(rf"^{title}s?:(.*?)(?=^\w+:|^\s*$|\Z)", docstring, re.MULTILINE | re.DOTALL)
    return " ".join(found.group(1).split()) if found else ""


def plain_lines(study: Study) -> Iterator[str]:
    """A study for a pipe: the name and question, then a line per claim."""
    yield f"{study.name}  {study.question}"
    yield from (f"  {claim.kind}  {claim.statement}" for claim in study.claims)


def _print_colored(found: tuple[Study, ...]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from cli.display.console import consoles

    console = consoles().results
    for family, members in groupby(found, key=lambda study: study.family):
        console.print(Text(family, style="header"))
        for study in members:
            console.print(Padding(Text.assemble((study.name, "accent"), f"  {study.question}"), (0, 0, 0, 2)))
            for claim in study.claims:
                console.print(Padding(Text.assemble((f"{claim.kind}: ", "muted"), claim.statement), (0, 0, 0, 6)))
        console.print()
