"""What ``mlnotes show`` prints of a study: question, sources, parameters, claims."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from cli.display.findings import prediction_text
from cli.display.seals import seals_lines
from cli.value_text import value_text

INDENT, DEEPER = (0, 0, 0, 2), (0, 0, 0, 6)


def study_page(document: dict[str, Any]) -> Group:
    """The page of the document that ``show --json`` prints."""
    claims = (*_claims(document["claims"]), *seals_lines(document["seals"]))
    return Group(*_heading(document), *parameter_lines(document["parameters"]), *claims)


def _heading(document: dict[str, Any]) -> Iterator[RenderableType]:
    yield Text.assemble((document["name"], "accent"), f"  {document['question']}")
    yield Text(document["summary"])
    for title in ("notes", "source"):
        if document[title]:
            yield Text.assemble((f"{title.capitalize()}: ", "muted"), document[title])


def parameter_lines(parameters: list[dict[str, Any]]) -> Iterator[RenderableType]:
    """Two lines per parameter: with its default, then what it means and may be."""
    yield Text("\nParameters", style="header")
    for parameter in parameters:
        default, smoke = value_text(parameter["default"]), value_text(parameter["smoke"])
        line = Text.assemble((f"{parameter['name']}={default}", "accent"))
        if smoke != default:
            line.append(f"  (smoke: {smoke})", style="muted")
        yield Padding(line, INDENT, expand=False)
        yield Padding(Text.assemble(f"{parameter['meaning']} ", (parameter["legal"], "muted")), DEEPER, expand=False)


def _claims(claims: list[dict[str, Any]]) -> Iterator[RenderableType]:
    yield Text("\nClaims", style="header")
    for claim in claims:
        yield Padding(Text.assemble((f"{claim['kind']}: ", "muted"), claim["statement"]), INDENT, expand=False)
        yield Padding(Text(f"{claim['rule']}", style="muted"), DEEPER, expand=False)
        about = (
            f"predicted: {prediction_text(claim['predicted'])} ({claim['source']}) · {claim['name']} · {claim['notes']}"
        )
        yield Padding(Text(about, style="muted"), DEEPER, expand=False)
