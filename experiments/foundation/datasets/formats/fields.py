"""Fields of data files, checked and never converted: what is not exactly what was expected is a fault that says so.

A JSON document holds lists of entries; a list is read column by column, each of one kind. All readers of text and JSON
name the file, the entry, the field, what was expected and what arrived.
"""

from __future__ import annotations

import json
import math
import re
import reprlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.foundation.datasets.formats.files import read_bytes
from experiments.lab.errors import InputError

MOST_PROBLEMS = 5
"""As many faults of one file are named; the rest are counted."""
LARGEST = 1e100
"""No measured number is larger, and squares and products of such numbers are finite."""
DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_SHORT = reprlib.Repr()
_SHORT.maxstring, _SHORT.maxother, _SHORT.maxlist, _SHORT.maxlevel = 60, 60, 8, 3
_ABSENT = object()


@dataclass(frozen=True)
class Kind:
    """What a field may hold."""

    noun: str
    """As in "expected an integer"."""
    accepts: Callable[[Any], bool]


def is_number(value: Any) -> bool:
    """Whether a value of JSON is a number of a size that can be computed with; true and false are none.

    >>> is_number(2.5), is_number(True), is_number(float("nan")), is_number(10**400)
    (True, False, False, False)
    """
    return type(value) in (int, float) and -LARGEST <= value <= LARGEST


INTEGER = Kind("an integer", lambda value: type(value) is int and -(2**63) <= value < 2**63)
NUMBER = Kind("a finite number", is_number)
TEXT = Kind("text", lambda value: type(value) is str)
FLAG = Kind("0 or 1", lambda value: type(value) in (int, bool) and value in (0, 1))


@dataclass(frozen=True)
class Entries:
    """The entries of one list in a document, and what is wrong with them."""

    path: Path
    name: str
    entries: Sequence[dict[str, Any]]
    faults: list[str] = field(default_factory=list)
    """Without the file."""

    @classmethod
    def of(cls, path: Path, name: str, value: object) -> Entries:
        """Raises InputError for anything but a list of objects."""
        if not isinstance(value, list):
            raise InputError(f"{path}: expected {name} to be a list, found {shown(value)}.")
        for number, entry in enumerate(value):
            if not isinstance(entry, dict):
                raise InputError(f"{path}: {name}[{number}] is {shown(entry)}, expected an object.")
        return cls(path, name, value)

    def __len__(self) -> int:
        return len(self.entries)

    def column(self, key: str, kind: Kind, default: object = _ABSENT) -> list[Any]:
        """The field ``key`` of every entry, or ``default`` where it is missing; null is not missing.

        A field that is wrong, or missing without a default, is a fault and None here.
        """
        values = [entry.get(key, default) for entry in self.entries]
        for number, value in enumerate(values):
            if not kind.accepts(value) and (value is not default or value is _ABSENT):
                what = f"no {key!r}" if value is _ABSENT else f"{key} is {shown(value)}, expected {kind.noun}"
                self.faults.append(f"{self.name}[{number}]: {what}.")
                values[number] = None
        return values

    def ids(self) -> list[Any]:
        """The column ``id``, no two alike."""
        values = self.column("id", INTEGER)
        counts = Counter(value for value in values if value is not None)
        repeated = ((value, count) for value, count in counts.items() if count > 1)
        self.faults.extend(f"{self.name}: id {value} is given {count} times." for value, count in repeated)
        return values

    def references(self, key: str, known: Sequence[Any], names: str) -> list[Any]:
        """A column of ids, each one of ``known``."""
        values, legal = self.column(key, INTEGER), {*known, None}
        for number, value in enumerate(values):
            if value not in legal:
                self.faults.append(f"{self.name}[{number}]: {key} {value} is not among the {names}.")
        return values


def refuse(path: Path, *faults: Sequence[str]) -> None:
    """Raise InputError, one line per fault, where there are any; of many the first and how many more."""
    found = [fault for some in faults for fault in some]
    if found:
        rest = len(found) - MOST_PROBLEMS
        more = [f"{path}: and {rest} more."] if rest > 0 else []
        raise InputError(*(f"{path}: {fault}" for fault in found[:MOST_PROBLEMS]), *more)


def read_json(path: Path) -> Any:
    """The document in a file. Raises InputError for what is no JSON, and for a key that an object has twice."""
    try:
        return json.loads(read_bytes(path), object_pairs_hook=_without_repeats)
    except InputError as error:
        raise InputError(*(line if str(path) in line else f"{path}: {line}" for line in error.problems)) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({brief(error)}).") from error


def decimal(text: str) -> float:
    """The number that a text writes in ASCII digits with a point; NaN where it writes none that can be computed with.

    >>> decimal("2.5e3"), decimal("1_000"), decimal("0,5"), decimal("inf")
    (2500.0, nan, nan, nan)
    """
    value = float(text) if DECIMAL.fullmatch(text := text.strip()) else math.nan
    return value if is_number(value) else math.nan


def shown(value: object) -> str:
    """A value as it may stand in a message: on one line, and short however long it is.

    >>> shown([0] * 1000), shown("x" * 1000)[:9]
    ('[0, 0, 0, 0, 0, 0, 0, 0, ...]', "'xxxxxxxx")
    """
    return _SHORT.repr(value)


def brief(error: object) -> str:
    """What a library says against a file, on one line of at most 120 signs."""
    return " ".join(str(error).split())[:120]


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entry = dict(pairs)
    if len(entry) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise InputError(f"the key {shown(twice)} stands twice in one object.")
    return entry
