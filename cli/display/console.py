"""The two consoles: results go to stdout, progress and messages to stderr.

Every color of the theme keeps a contrast of at least 3.5 (WCAG 2.1, relative luminance) on white and on black, and no
meaning rests on color alone. Markup and automatic highlighting are off: a statement with brackets is printed as it is;
style with ``Text`` or ``style=``. A stream that is no terminal gets no control codes, one that cannot encode the text
gets ASCII, and none gets the control codes that a data file may hold.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import IO, cast

from rich.console import Console
from rich.theme import Theme

from cli.display.legible import Cleaning, ascii_text

BLUE, ORANGE, GREEN, MAGENTA, TEAL, VIOLET, RED, GRAY = (
    "color(32)",
    "color(130)",
    "color(28)",
    "color(163)",
    "color(30)",
    "color(98)",
    "color(160)",
    "color(243)",
)
SERIES_COLORS = (BLUE, ORANGE, GREEN, MAGENTA, TEAL, VIOLET, RED, GRAY)
"""Colors of the lines of a plot, in order."""

THEME = Theme(
    {
        "muted": GRAY,
        "accent": BLUE,
        "warning": f"bold {ORANGE}",
        "error": f"bold {RED}",
        "best": "bold",
        "header": "bold",
        "table.header": "bold",
        "table.title": "bold",
        "table.caption": GRAY,
        "rule.line": GRAY,
        "verdict.holds": f"bold {GREEN}",
        "verdict.refuted": f"bold {RED}",
        "verdict.conditional": f"bold {MAGENTA}",
        "verdict.inconclusive": GRAY,
        "verdict.failed": f"bold {ORANGE}",
        "verdict.not_judged": GRAY,
        "mismatch": f"bold reverse {ORANGE}",
        "bar.back": GRAY,
        "bar.complete": BLUE,
        "bar.finished": GREEN,
        "bar.pulse": BLUE,
        "progress.elapsed": GRAY,
        "progress.remaining": BLUE,
        "progress.percentage": BLUE,
        "progress.download": GREEN,
        "progress.data.speed": GRAY,
    }
)


@dataclass(frozen=True)
class Consoles:
    """Where to print: ``results`` is stdout, ``messages`` is stderr."""

    results: Console
    messages: Console


def consoles(*, json: bool = False) -> Consoles:
    """The consoles of this process.

    With ``json`` all renderables go to stderr, so that stdout carries the one JSON document and nothing else.
    """
    messages = console_for(sys.stderr)
    return Consoles(results=messages if json else console_for(sys.stdout), messages=messages)


def console_for(stream: IO[str], *, width: int | None = None) -> Console:
    """A console on ``stream``: plain text where it is no terminal, ASCII where it is dumb or cannot encode more."""
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
    ascii_only = not encoding.startswith("utf") or os.environ.get("TERM") == "dumb"
    console = Console(
        file=cast(IO[str], AsciiStream(stream)) if ascii_only else stream,
        width=width,
        theme=THEME,
        markup=False,
        highlight=False,
        emoji=False,
    )
    console.push_render_hook(Cleaning())
    return console


class AsciiStream:
    """A text stream that writes ASCII to another one; rich reads its ``encoding`` and draws ASCII boxes."""

    encoding = "ascii"

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return self.stream.write(ascii_text(text))

    def flush(self) -> None:
        self.stream.flush()

    def isatty(self) -> bool:
        return self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()
