"""Where a run took place and what it was run with, as pairs of a term and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.display.stages import duration
from cli.value_text import value_text
from experiments.lab.experiment import Experiment
from experiments.lab.params import parameter_fields
from experiments.lab.record import Record


@dataclass(frozen=True)
class Fact:
    """A term and what it says."""

    term: str
    text: str
    meaning: str = ""


def environment(record: Record) -> tuple[Fact, ...]:
    """Seeds, seconds, machine, commit, versions; what the record does not know is left out."""
    meta = record.meta
    machine = meta.get("machine", {})
    threads = ", ".join(f"{name}={value}" for name, value in machine.get("threads", {}).items())
    versions = ", ".join(f"{name} {version}" for name, version in meta.get("versions", {}).items())
    found = (
        ("Record", record.id),
        ("Started", str(meta["started"]).replace("T", " ")[:16] + " UTC"),
        ("Took", duration(meta["seconds"]) if meta.get("seconds") else ""),
        ("Seeds", seeds_text(meta["seeds"])),
        ("Processor", f"{machine.get('processor', '')}, {machine.get('cores', '?')} cores"),
        ("GPU", machine.get("gpu") or "none used"),
        ("System", machine.get("system", "")),
        ("Threads", threads),
        ("Commit", _commit(meta.get("commit"))),
        ("Versions", versions),
    )
    return tuple(Fact(term, text) for term, text in found if text)


def parameters(experiment: Experiment[Any, Any], values: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Every parameter with its value in the run and its meaning."""
    fields = [field for field in parameter_fields(experiment.params) if field.name in values]
    return tuple(Fact(field.name, value_text(values[field.name]), field.meaning) for field in fields)


def seeds_text(seeds: list[int]) -> str:
    """Seeds in a row by their ends.

    >>> seeds_text([0, 1, 2, 3]), seeds_text([7]), seeds_text([1, 5])
    ('0 to 3', '7', '1, 5')
    """
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))


def _commit(commit: str | None) -> str:
    if commit is None:
        return ""
    return f"{commit.removesuffix('+')} with changes that were not committed" if commit.endswith("+") else commit
