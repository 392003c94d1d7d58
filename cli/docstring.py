"""An experiment's docstring in its parts: the question, what is measured, the sources."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

HEADING = re.compile(r"^(Notes?|Sources?):\s*", re.MULTILINE)


@dataclass(frozen=True)
class About:
    """What a docstring says."""

    question: str
    body: str
    """Paragraphs of Markdown."""
    sources: tuple[str, ...]
    topics: tuple[str, ...]
    """Of the study notes."""


def about(docstring: str) -> About:
    """The parts of a docstring.

    >>> said = about("Is it?\\n\\nTwice.\\n\\nNotes: it; is.\\n\\nSource: A, B:\\nC, 1990; D.\\n")
    >>> said.question, said.body, said.sources, said.topics
    ('Is it?', 'Twice.', ('A, B: C, 1990', 'D'), ('it', 'is'))
    """
    question, _, rest = inspect.cleandoc(docstring).partition("\n")
    pieces = HEADING.split(rest)
    said: dict[str, str] = {}
    trailing = []
    for heading, text in zip(pieces[1::2], pieces[2::2], strict=True):
        paragraph, _, after = text.partition("\n\n")
        said[heading[:4]] = paragraph
        trailing.append(after.strip())
    body = "\n\n".join(part for part in (pieces[0].strip(), *trailing) if part)
    return About(question.strip(), body, _items(said.get("Sour", "")), _items(said.get("Note", "")))


def _items(text: str) -> tuple[str, ...]:
    line = " ".join(text.split()).removesuffix(".")
    return tuple(item.strip() for item in line.split("; ") if item.strip())
