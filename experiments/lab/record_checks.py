"""What the files of a record must hold: read, checked field by field, and one line for what is wrong.

A record may be damaged by a full disk, by hand or by another version. Whoever reads one gets plain values of the kinds
that the writer gives, or InputError with the file, the field, what was expected and what arrived.
"""

from __future__ import annotations

import hashlib
import json
import reprlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, get_args

from experiments.lab.errors import InputError
from experiments.lab.sinks import Status

Check = Callable[[Any], bool]


class Kind(NamedTuple):
    """What a field holds, in words and as a check."""

    noun: str
    accepts: Check


def _list_of(kind: type) -> Check:
    return lambda value: type(value) is list and all(type(one) is kind for one in value)


def _is_time(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _is_process(value: Any) -> bool:
    known = type(value) is dict and type(value.get("host")) is str and type(value.get("id")) is int
    return known and 0 < value["id"] < 2**31 and type(value.get("started")) in (int, type(None))


TEXT = Kind("text", lambda value: type(value) is str)
OBJECT = Kind("an object", lambda value: type(value) is dict)
FLAG = Kind("true or false", lambda value: type(value) is bool)
TEXTS = Kind("a list of texts", _list_of(str))
NATURALS = Kind("a list of seeds", lambda value: _list_of(int)(value) and value != [])
REQUIRED = {
    **dict.fromkeys(("experiment", "study", "claims_hash"), TEXT),
    **dict.fromkeys(("params", "settings", "versions", "machine"), OBJECT),
    **dict.fromkeys(("command", "notes"), TEXTS),
    "smoke": FLAG,
    "seeds": NATURALS,
    "status": Kind(f"one of {', '.join(get_args(Status))}", lambda value: value in get_args(Status)),
    "started": Kind("a time with its zone", _is_time),
    "process": Kind("a process", _is_process),
}
OPTIONAL = {
    "format": Kind("an integer", lambda value: type(value) is int),
    "parts": TEXTS,
    "seconds": Kind("a number", lambda value: value is None or (type(value) in (int, float) and 0 <= value < 1e12)),
    "answer": Kind("text", lambda value: value is None or type(value) is str),
    "seeds_done": Kind("a list of seeds", _list_of(int)),
    "rows": Kind(
        "number and digest",
        lambda value: type(value) is dict and type(value.get("number")) is int and type(value.get("sha256")) is str,
    ),
}
CONDITION = {"condition": TEXT, "verdict": TEXT}
OLD_FINDING = {"claim": TEXT, "verdict": TEXT}
CHUNK = 1 << 17
"""Bytes of rows that are parsed at once."""
FINDING = {
    **dict.fromkeys(("claim", "verdict", "statement", "summary"), TEXT),
    "predicted": Kind("a verdict, or one per condition", lambda value: value is None or type(value) in (str, dict)),
    "conditions": Kind("a list", lambda value: type(value) is list),
}
"""Of records from format 2 on."""


def load_json(path: Path) -> Any:
    """The document in a file of a record. Raises InputError where it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as a record: {' '.join(str(error).split())[:120]}") from None


def load_meta(path: Path) -> dict[str, Any]:
    """``record.json``. Raises InputError for a field that is missing or of another kind."""
    meta: Any = load_json(path)
    _check(path, "", meta, REQUIRED)
    _check(path, "", meta, {name: kind for name, kind in OPTIONAL.items() if name in meta})
    if meta.get("format", 1) > 1 and "parts" not in meta:
        raise InputError(f"{path}: no 'parts'")
    return dict(meta)


def load_findings(path: Path, fields: dict[str, Kind]) -> list[dict[str, Any]]:
    """Findings as plain values. Raises InputError where they are none."""
    findings = load_json(path)
    if not isinstance(findings, list):
        raise InputError(f"{path}: expected a list of findings, found {reprlib.repr(findings)}")
    for number, finding in enumerate(findings):
        _check(path, f"[{number}] ", finding, fields)
        for place, condition in enumerate(finding.get("conditions", ())):
            _check(path, f"[{number}] conditions[{place}] ", condition, CONDITION)
    return findings


def stored_rows(path: Path, seal: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """Rows as plain values; a last line that was cut short by a kill is left out.

    ``seal`` is the number of rows and their digest, which a record has from when its run ended.

    Raises:
        InputError: no such file, a line that is no row, or other rows than those that the run wrote.
    """
    try:
        with path.open("rb") as file:
            if seal is not None and hashlib.file_digest(file, "sha256").hexdigest() != seal["sha256"]:
                raise InputError(
                    f"{path}: not the {seal['number']:,} rows that the run wrote: damaged or changed since"
                )
            file.seek(0)
            number = 1
            while lines := file.readlines(CHUNK):
                if not lines[-1].endswith(b"\n"):
                    lines.pop()
                yield from _rows(path, number, lines)
                number += len(lines)
    except OSError as error:
        raise InputError(f"{path} cannot be read as rows: {error.strerror}") from None


def _rows(path: Path, number: int, lines: list[bytes]) -> list[dict[str, Any]]:
    """Rows of lines from ``number`` on: all at once, which is twice as fast, else one by one to name the wrong one."""
    try:
        rows = json.loads(b"[" + b",".join(lines) + b"]")
        if len(rows) == len(lines) and all(type(row) is dict and type(row.get("seed")) is int for row in rows):
            return rows
    except (ValueError, RecursionError):
        pass
    return [_row(path, place, line) for place, line in enumerate(lines, number)]


def _row(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: line {number} is no row: {' '.join(str(error).split())[:120]}") from None
    if type(row) is not dict or type(row.get("seed")) is not int:
        raise InputError(f"{path}: line {number} is no row: expected an object with a seed, found {reprlib.repr(row)}")
    return row


def _check(path: Path, where: str, values: Any, fields: dict[str, Kind]) -> None:
    if type(values) is not dict:
        raise InputError(f"{path}: {where}expected an object, found {reprlib.repr(values)}")
    for name, kind in fields.items():
        if name not in values:
            raise InputError(f"{path}: {where}no {name!r}")
        if not kind.accepts(values[name]):
            raise InputError(f"{path}: {where}{name} is {reprlib.repr(values[name])}, expected {kind.noun}")
