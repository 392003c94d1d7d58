"""What to try next: a few overrides of the study that are legal, with what they set."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.value_text import value_text
from experiments.lab.errors import InputError
from experiments.lab.experiment import Experiment
from experiments.lab.params import ParameterField, parameter_fields, validate

MOST = 3
PLACES = ("dataset", "device", "data", "model", "index", "queries", "annotations", "detections")
"""Parameters that name files or machines: nothing to play with."""


@dataclass(frozen=True)
class Try:
    """A command and what it changes."""

    command: str
    meaning: str


def tries(study: str, experiment: Experiment[Any, Any], values: Mapping[str, Any], seeds: int) -> tuple[Try, ...]:
    """Up to three overrides of the study's parameters and one with more seeds."""
    fields = [field for field in parameter_fields(experiment.params) if field.name not in PLACES]
    found = [one for field in sorted(fields, key=_rank) for one in _tries_of(study, experiment, values, field)][:MOST]
    more = Try(f"mlnotes run {study} seeds={2 * seeds}", "Twice the seeds: narrower intervals, so more is decided.")
    return (*found, *([more] if seeds > 1 else ()))


def command_text(command: object, study: str) -> str:
    """The command as it was typed, ready for a shell."""
    words = list(map(str, command)) if isinstance(command, list | tuple) and command else ["mlnotes", "run", study]
    return shlex.join(words)


def _rank(field: ParameterField) -> int:
    """Words to choose among first, then lists, then numbers."""
    return 0 if field.choices else 1 if isinstance(field.default, list) else 2


def _tries_of(
    study: str, experiment: Experiment[Any, Any], values: Mapping[str, Any], field: ParameterField
) -> Iterator[Try]:
    used = values.get(field.name, field.default)
    for value in _others(used, field):
        try:
            validate(experiment.params, {**values, field.name: value})
        except InputError:
            continue
        yield Try(shlex.join(("mlnotes", "run", study, f"{field.name}={value_text(value)}")), field.meaning)
        return


def _others(used: object, field: ParameterField) -> Iterator[object]:
    """Values that differ from the one that was used, the most telling first."""
    if isinstance(used, bool):
        yield not used
    elif isinstance(used, list) and len(used) > 1 and field.choices:
        yield used[:1]
    elif isinstance(used, list) and len(used) > 1:
        yield [used[0], used[-1]]
    elif isinstance(used, str) and field.choices:
        yield from (choice for choice in field.choices if choice not in (used, "auto"))
    elif isinstance(used, int) and used > 0:
        yield from (2 * used, used // 2)
    elif isinstance(used, float) and used > 0:
        yield from (used / 2, used * 2)
