"""The two consoles: results go to stdout, progress and messages to stderr.

Every color of the theme keeps a contrast of at least 3.5 (WCAG 2.1, relative luminance) on white and on black, and no
meaning rests on color alone. Markup and automatic highlighting are off: a statement with brackets is printed as it is;
style with ``Text`` or ``style=``. A stream that is no terminal gets no control codes, one that cannot encode the text
gets ASCII.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from dataclasses import dataclass
from typing import IO, cast

from rich.console import Console
from rich.theme import Theme

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

ASCII_WORDS = str.maketrans(
    {
        "±": "+/-",
        "µ": "u",
        "μ": "u",
        "×": "x",
        "·": "*",
        "–": "-",
        "—": "-",
        "−": "-",
        "…": "...",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "≈": "~",
        "→": "->",
        "←": "<-",
        "∞": "inf",
        "✓": "+",
        "✗": "x",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
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
    return Console(
        file=cast(IO[str], AsciiStream(stream)) if ascii_only else stream,
        width=width,
        theme=THEME,
        markup=False,
        highlight=False,
        emoji=False,
    )


def ascii_text(text: str) -> str:
    """The text in ASCII: signs as the usual digraphs, letters without accents, anything else as a question mark.

    >>> ascii_text("0.97 ± 0.01, ε ≤ 3 µs, é")
    '0.97 +/- 0.01, ? <= 3 us, e'
    """
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text.translate(ASCII_WORDS))
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).encode("ascii", "replace").decode("ascii")


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
