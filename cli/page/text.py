"""What comes from data is shown as text, whatever is in it: markup is escaped, control codes are spelled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

CODES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")
"""Control codes but tab and line feed, marks that turn the direction of writing, and what is no character."""


def visible(text: str) -> str:
    r"""The text with its control codes spelled out.

    >>> visible("red \x1b[31m")
    'red \\x1b[31m'
    """
    return CODES.sub(lambda code: f"\\x{ord(code.group()):02x}" if ord(code.group()) < 256 else _long(code), text)


def finalized(value: Any) -> Any:
    """What a template prints: text with its control codes spelled, markup of our own as it is, nothing for None."""
    from markupsafe import Markup

    if value is None:
        return ""
    return value if isinstance(value, Markup) or not isinstance(value, str) else visible(value)


def prose(markdown: str) -> Markup:
    """Markdown as HTML; markup in it is shown as text."""
    from markdown_it import MarkdownIt
    from markupsafe import Markup

    return Markup(MarkdownIt("commonmark", {"html": False}).disable("image").render(visible(markdown)))


def anchor(*words: str) -> str:
    """A fragment's name made of letters, digits, dots, hyphens and underscores.

    >>> anchor("grad.vanishing", "relu keeps it")
    'grad.vanishing-relu-keeps-it'
    """
    return "-".join(re.sub(r"[^\w.-]+", "-", word, flags=re.ASCII) for word in words)


def _long(code: re.Match[str]) -> str:
    return f"\\u{ord(code.group()):04x}"
