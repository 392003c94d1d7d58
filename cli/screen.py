"""Lines for a terminal or a pipe without rich, whose import costs more than ``list`` and ``runs`` do."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

SIGNS = {"holds": "✓", "refuted": "✗", "conditional": "~", "inconclusive": "?", "failed": "!"}
ASCII_SIGNS = SIGNS | {"holds": "+", "refuted": "x"}


def signs_text(verdicts: Iterable[str], *, ascii_only: bool = False) -> str:
    """How often each verdict came, such as "5✓ 1~"; what was not judged is left out.

    >>> signs_text(["holds", "conditional", "holds", "not judged"]), signs_text(["refuted"], ascii_only=True)
    ('2✓ 1~', '1x')
    """
    counts = Counter(verdicts)
    signs = ASCII_SIGNS if ascii_only else SIGNS
    return " ".join(f"{counts[verdict]}{sign}" for verdict, sign in signs.items() if counts[verdict])


def printable(text: str) -> str:
    r"""The text with a question mark for every control code, which may come from a data file or a file's name.

    >>> printable("a\x1b[2Jb")
    'a?[2Jb'
    """
    return text if text.isprintable() else "".join(sign if sign.isprintable() else "?" for sign in text)


@dataclass(frozen=True)
class Screen:
    """What the lines are made for."""

    width: int
    ascii_only: bool
    bold: bool

    @classmethod
    def of_stdout(cls) -> Screen:
        encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
        dumb = os.environ.get("TERM") == "dumb"
        return cls(
            width=shutil.get_terminal_size().columns,
            ascii_only=dumb or not encoding.startswith("utf"),
            bold=sys.stdout.isatty() and not dumb and not os.environ.get("NO_COLOR"),
        )

    def cut(self, text: str, width: int) -> str:
        """The text in ``width`` columns, in ASCII where that is wanted."""
        end = "..." if self.ascii_only else "…"
        text = text if len(text) <= width else text[: max(0, width - len(end))].rstrip() + end
        return text.encode("ascii", "replace").decode("ascii") if self.ascii_only else text
