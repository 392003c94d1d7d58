"""``mlnotes report --topics FILE``: every topic of the notes with the claims that decide it, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from cli.markdown import cell
from experiments.lab.catalog import Study, studies

HEAD = """# Topics

What the notes speak of, and the claims that decide it, written by `mlnotes report --topics FILE`. A topic is decided as
far as its sentences go and no further; [verdicts.md](verdicts.md) has what came out.
"""


def topics_text() -> str:
    """Per family a table of its topics in alphabetical order; a study of another size is not named beside its first."""
    asked = [study for study in studies() if study.name == study.experiment]
    parts = (_family(name, tuple(members)) for name, members in groupby(asked, key=lambda study: study.family))
    return "\n".join([HEAD, *(line for part in parts for line in part)])


def _family(name: str, members: tuple[Study, ...]) -> Iterator[str]:
    yield from (f"## {name}", "", "| topic | claim | kind | study |", "|--|--|--|--|")
    decided = ((claim.notes, study.name, claim) for study in members for claim in study.claims)
    for topic, study, claim in sorted(decided, key=lambda one: (one[0].casefold(), one[1])):
        yield f"| {cell(topic)} | {cell(claim.statement)} | {claim.kind} | {study} |"
    yield ""
