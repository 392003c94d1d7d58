"""Which of several records stands for a study."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.lab.record import Record


def best_of(found: Iterable[Record]) -> Record | None:
    """The record that stands for a study; ``found`` has the newest first."""
    return min(found, key=rank, default=None)


def rank(record: Record) -> int:
    """How well a record stands for its study: 0 is best.

    That is a finished run of the study's own size and parameters, then a finished one, then one at smoke size.
    """
    if record.status != "done":
        return 3
    if record.meta["smoke"]:
        return 2
    return int(any("=" in str(word) for word in record.meta.get("command", ())))
