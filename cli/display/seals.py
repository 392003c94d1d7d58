"""The seals of a study's claims on its page: which are sealed, what changed since, and what they were before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from cli.display.findings import prediction_text

INDENT, DEEPER = (0, 0, 0, 2), (0, 0, 0, 6)


def seals_lines(seals: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """One line on all seals, one per claim that is not as it was sealed, and the history; nothing where none is sealed.

    ``seals`` is what ``show --json`` gives.
    """
    known = [seal for seal in seals if seal["sealed"]]
    if not known:
        return
    yield Text("\nSeals", style="header")
    same = [seal for seal in known if not seal["withdrawn"] and not seal["changed"]]
    if same:
        dates = sorted({seal["sealed"] for seal in same})
        span = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
        yield Padding(Text(f"{len(same)} of {len(seals)} claims are as they were sealed on {span}"), INDENT)
    for seal in seals:
        if said := _said(seal):
            yield Padding(Text.assemble((seal["claim"], "accent"), f" {said}"), INDENT, expand=False)
        for former in seal["history"]:
            yield from _former(seal["claim"], former)


def _said(seal: Mapping[str, Any]) -> str:
    """What is to be said of a claim that is not as it was sealed."""
    if not seal["sealed"]:
        return "is not sealed"
    if seal["withdrawn"]:
        return f"was sealed on {seal['sealed']} and withdrawn on {seal['withdrawn']}"
    return f"changed since it was sealed on {seal['sealed']}: {'; '.join(seal['changed'])}" if seal["changed"] else ""


def _former(claim: str, former: Mapping[str, Any]) -> Iterator[RenderableType]:
    verdict = former.get("verdict", "never judged here")
    dates = f"sealed {former['sealed']}, superseded {former['superseded']}"
    yield Padding(Text.assemble((claim, "accent"), f" was before: {verdict} ({dates})"), INDENT, expand=False)
    predicted = f"predicted: {prediction_text(former['predicted'])}"
    about = f"changed then: {former['changed']} · {former['statement']} · {predicted}"
    yield Padding(Text(about, style="muted"), DEEPER, expand=False)
