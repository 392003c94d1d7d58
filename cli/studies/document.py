"""What ``mlnotes show NAME`` says of a study without running it, as the document that ``--json`` prints."""

from __future__ import annotations

from typing import Any

from rich.console import Group

from cli.display.console import consoles
from cli.docstring import about
from cli.document import print_document
from cli.running.plans import composition, keys_of
from cli.studies.listing import list_document
from cli.studies.page import parameter_lines, study_page
from cli.studies.seal import seals_document
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


def print_parameters(name: str) -> None:
    """Print how a study is run: its parameters, and where the options are."""
    study = find(name)
    console = consoles().results
    console.print(f"Usage: mlnotes run {study.name} [KEY=VALUE]... [OPTIONS]\n\n  {study.question}", soft_wrap=True)
    console.print(Group(*parameter_lines(parameters_document(study))))
    console.print("\nOptions: mlnotes run --help", soft_wrap=True)


def parameters_document(study: Study) -> list[Document]:
    """Every key that a study takes."""
    composed = composition(study).values()
    return [
        {
            "name": field.name,
            "legal": field.legal,
            "choices": list(field.choices),
            "default": composed.get(field.name, field.default),
            "smoke": field.default,
            "meaning": field.meaning,
        }
        for field in keys_of(load(study.experiment))
    ]


def show_document(study: Study) -> Document:
    """A study as ``show --json`` gives it: with its sources and every parameter."""
    experiment = load(study.experiment)
    said = about(study.docstring)
    claims = [_claim_document(asked.part, asked.claim) for asked in experiment.asked(Rows({}))]
    parts = [part.name for part in experiment.parts]
    found = {
        **list_document(study),
        "notes": "; ".join(said.topics),
        "source": "; ".join(said.sources),
        "parts": parts,
        "parameters": parameters_document(study),
        "claims": claims,
    }
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
