"""Texts by name."""

from __future__ import annotations

from typing import Final

from experiments.foundation.datasets.catalog import entry
from experiments.foundation.datasets.entries import TextSet
from experiments.foundation.datasets.storage import store

AUTO: Final = "auto"
WANTED: Final = "shakespeare"
EMBEDDED: Final = "python-docs"


def load_text(name: str) -> str:
    """The text ``name`` as it stands in its file, line ends included.

    Raises InputError for an unknown name, for a text that is not there, and for bytes that are not UTF-8.
    """
    return entry(name, TextSet).read(store.files_of(name))


def chosen_text(name: str) -> str:
    """``auto`` is Shakespeare where it is there, else the help texts inside Python; any other name is itself."""
    if name != AUTO:
        return name
    return WANTED if store.locate(WANTED) else EMBEDDED


def described(name: str, text: str) -> str:
    """What a record says of the text ``name``.

    >>> described("shakespeare", "To be, or not to be")
    "Shakespeare's plays (shakespeare), 19 characters, SHA-256 80ed7fc2"
    """
    import hashlib

    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{entry(name, TextSet).title.split(':')[0]} ({name}), {len(text):,} characters, SHA-256 {digest}"
