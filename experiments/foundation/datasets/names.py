"""The error for a name that is not known, for ``cnn.flops``; data sets say it through ``catalog.entry``."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.lab.errors import InputError, meant


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """The error for ``name``, which is no ``kind``: with the nearest known name, or all of them."""
    return InputError(f"unknown {kind} {name}: {meant(name, known)}")
