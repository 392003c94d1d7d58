"""Texts by name."""

from __future__ import annotations

from experiments.foundation.datasets import store
from experiments.foundation.datasets.catalog import entry
from experiments.foundation.datasets.entries import TextSet


def load_text(name: str) -> str:
    """The text ``name`` as it stands in its file, line ends included.

    Raises InputError for an unknown name, for a text that is not there, and for bytes that are not UTF-8.
    """
    return entry(name, TextSet).read(store.files_of(name))
