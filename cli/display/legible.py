"""Text that comes from data files, made safe to print: no control codes, and ASCII where the stream wants it.

A label in a data file may hold an escape sequence that clears the screen or writes what is not there. Everything that a
console prints passes here, so no sequence but the console's own reaches a terminal or a pipe.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderHook, RenderResult
from rich.segment import Segment

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control codes and marks that turn the direction of writing."""

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
        "▶": ">",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
    }
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


def one_line(text: str) -> str:
    r"""The text without control codes, on one line: white space becomes a space, any other code a question mark.

    >>> one_line("a\tb\x1b[2Jc")
    'a b?[2Jc'
    """
    return text if text.isprintable() else CONTROLS.sub(lambda code: " " if code.group().isspace() else "?", text)


def legible(text: str, options: ConsoleOptions) -> str:
    """One line as the console may print it."""
    return ascii_text(one_line(text)) if options.ascii_only else one_line(text)


def cut(text: str, width: int, end: str = "…") -> str:
    """The text, its end an ellipsis where it is longer than ``width``.

    >>> cut("gradients vanish", 20), cut("gradients vanish", 10)
    ('gradients vanish', 'gradients…')
    """
    return text if len(text) <= width else text[: max(0, width - len(end))].rstrip() + end


def filled(text: str, width: int) -> str:
    """The text in lines of at most ``width``; a number stays beside its percent sign.

    >>> filled("three of 50 %", 11)
    'three of\\n50 %'
    """
    joined = text.replace(" %", "\N{NO-BREAK SPACE}%")
    return textwrap.fill(joined, width, break_on_hyphens=False).replace("\N{NO-BREAK SPACE}", " ")


def fitting(text: str, options: ConsoleOptions) -> str:
    """One line as the console may print it, cut to its width."""
    return cut(legible(text, options), options.max_width, "..." if options.ascii_only else "…")


@dataclass(frozen=True)
class Clean:
    """A renderable without the control codes that its text may hold; those that the console makes itself stay."""

    inside: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self.inside, options):
            lines = segment.text.split("\n")
            clean = segment.text if segment.control else "\n".join(map(one_line, lines))
            yield segment if clean == segment.text else Segment(clean, segment.style)


class Cleaning(RenderHook):
    """Cleans whatever a console is asked to print."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [Clean(renderable) for renderable in renderables]
