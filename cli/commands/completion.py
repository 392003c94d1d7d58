"""What Tab offers: studies, families, KEY= and values, runs, data sets. Never fails, never prints.

Bash splits words at ``=``: it asks for ``placement``, ``=``, ``pr`` where zsh and fish ask for ``placement=pr``, and
wants the value alone in return. A key that is the only candidate is offered with its values, so that no shell closes
the word with a space after ``KEY=``.
"""

import functools
import textwrap
from collections.abc import Callable
from typing import ParamSpec

import typer

LONGEST = 58
"""Characters of a meaning: Typer wraps it at the width of the terminal, and shells read line by line."""

Candidates = list[tuple[str, str]]
"""(what to type, what it means)"""

P = ParamSpec("P")


def quietly(candidates: Callable[P, Candidates]) -> Callable[P, Candidates]:
    """Offer nothing where the candidates cannot be known, and cut meanings: the rest of one would be a candidate."""

    @functools.wraps(candidates)
    def offer(*args: P.args, **kwargs: P.kwargs) -> Candidates:
        try:
            found = candidates(*args, **kwargs)
            return [(word, textwrap.shorten(meaning, LONGEST, placeholder="...")) for word, meaning in found]
        except Exception:  # a traceback in the middle of a command line helps nobody
            return []

    return offer


@quietly
def names(incomplete: str) -> Candidates:
    """Studies with their questions."""
    from experiments.lab.catalog import studies

    return [(study.name, study.question) for study in studies() if study.name.startswith(incomplete)]


@quietly
def families(incomplete: str) -> Candidates:
    """Families."""
    from experiments.lab.catalog import studies

    return [(family, "") for family in sorted({study.family for study in studies()}) if family.startswith(incomplete)]


@quietly
def scopes(incomplete: str) -> Candidates:
    """Families and studies."""
    return families(incomplete) + names(incomplete)


@quietly
def records(incomplete: str) -> Candidates:
    """Runs, newest first."""
    from experiments.lab.record import records as all_records

    known = [("last", "the newest run"), *((record.id, str(record.meta["study"])) for record in all_records())]
    return [(name, meaning) for name, meaning in known if name.startswith(incomplete)]


@quietly
def shown(incomplete: str) -> Candidates:
    """Studies and runs."""
    return names(incomplete) + records(incomplete)


@quietly
def pages(incomplete: str) -> Candidates:
    """Runs, studies and families."""
    return records(incomplete) + scopes(incomplete)


@quietly
def datasets(incomplete: str) -> Candidates:
    """Data sets that can be fetched."""
    from experiments.foundation.datasets.catalog import DATASETS

    return [(name, "") for name in DATASETS if name.startswith(incomplete)]


@quietly
def overrides(ctx: typer.Context, incomplete: str) -> Candidates:
    """Keys of the study, and the values of a key where its type lists them, else its default."""
    values = _values_by_key(ctx.params["name"])
    words = list(ctx.params.get("overrides") or ())
    if words[-1:] == ["="]:  # bash, in the middle of a value
        words.pop()
        return _choices(values, words[-1], incomplete)
    if words and incomplete == "" and words[-1] in values:  # bash, directly after the sign
        return _choices(values, words[-1], "")
    key, sign, start = incomplete.partition("=")
    if sign:
        return [(f"{key}={value}", meaning) for value, meaning in _choices(values, key, start)]
    keys = [(f"{name}=", meaning) for name, (_, meaning) in values.items() if name.startswith(incomplete)]
    if len(keys) != 1:
        return keys
    only = keys[0][0]
    return keys + [(only + value, meaning) for value, meaning in _choices(values, only.rstrip("="), "")]


def _values_by_key(name: str) -> dict[str, tuple[tuple[str, ...], str]]:
    """(values, meaning) of every key of a study."""
    from cli.running.plans import keys_of
    from cli.value_text import value_text
    from experiments.lab.catalog import find, load

    experiment = load(find(name).experiment)
    listed = {"parts": tuple(part.name for part in experiment.parts)}
    return {
        field.name: (listed.get(field.name) or field.choices or (value_text(field.default),), field.meaning)
        for field in keys_of(experiment)
    }


def _choices(values: dict[str, tuple[tuple[str, ...], str]], key: str, start: str) -> Candidates:
    choices, meaning = values[key]
    return [(choice, meaning) for choice in choices if choice.startswith(start)]
