"""What to say about a name that is not known. Knows nothing of data."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from experiments.lab.errors import InputError


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """The error for ``name``, which is no ``kind``: the nearest known name where one is near, and all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return InputError(f"unknown {kind} {name!r}.{hint} Known: {', '.join(names)}.")
