"""``conf/claims.lock``: every claim as it was sealed, before it was run, and what it was before that.

A TOML file with a table per study, which holds the study's numbers, and one per claim, sorted; every value has a line
of its own, so that changes of different studies merge. A claim's ``history`` lists its former seals, each with its
last verdict, and what made it another.
"""

from __future__ import annotations

import datetime
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from experiments.lab import catalog
from experiments.lab.errors import InputError
from experiments.lab.sealing.seal import Seal, without_numbers

HEAD = "# Claims as sealed before they were run. `mlnotes seal` writes this file, `mlnotes seal --check` holds it.\n"

Former = Mapping[str, Any]
"""A former seal: ``seal`` (its hash), ``sealed``, ``superseded``, ``changed``, ``statement``, ``predicted`` and, where
it was judged, ``verdict``."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A claim of a study in the lock."""

    seal: Seal
    hash: str
    sealed: str
    """Date, as in 2026-12-01."""
    withdrawn: str = ""
    """Date from which on the study no longer has the claim; empty while it has."""
    history: tuple[Former, ...] = ()
    """The newest last."""


Entries = Mapping[str, Entry]
"""Claim -> its entry."""


@dataclass(frozen=True)
class Complaint:
    """A claim that is not as it was sealed."""

    kind: Literal["new", "changed", "gone"]
    text: str
    """One line."""


def lock_file() -> Path:
    return catalog.CONF / "claims.lock"


def read_all(path: Path | None = None) -> dict[str, dict[str, Entry]]:
    """Study -> claim -> entry; empty where there is no lock.

    Raises:
        InputError: a file that cannot be read.
    """
    path = path or lock_file()
    return {study: dict(_entries(table)) for study, table in _load(path, _text(path)).items()}


def read(study: str, path: Path | None = None) -> dict[str, Entry]:
    """The entries of one study; only its part of the file is parsed.

    Raises:
        InputError: a part that cannot be read.
    """
    path = path or lock_file()
    blocks = [block for block in _text(path).split("\n[") if block.startswith(json.dumps(study))]
    return dict(_entries(_load(path, "".join(f"[{block}\n" for block in blocks)).get(study, {})))


def write(studies: Mapping[str, Entries], path: Path | None = None) -> None:
    """Replace the lock in one step."""
    path = path or lock_file()
    beside = path.with_name(path.name + ".part")
    beside.write_text(HEAD + "".join(_block(study, studies[study]) for study in sorted(studies)), encoding="utf-8")
    beside.replace(path)


def put(renewed: Mapping[str, Entries], path: Path | None = None) -> None:
    """Replace the entries of these studies; those of others stay as they are, also if another process seals them."""
    from filelock import FileLock  # costs as much to import as the rest of this module

    path = path or lock_file()
    with FileLock(path.with_name(".sealing")):
        write({**read_all(path), **renewed}, path)


def resealed(entries: Entries, now: Mapping[str, Seal], verdicts: Mapping[str, str], today: str) -> dict[str, Entry]:
    """The entries of a study once its claims are sealed as they are ``now``.

    ``verdicts`` has the last verdict under each former hash.
    """
    found = {name: _resealed(entries.get(name), seal, verdicts, today) for name, seal in now.items()}
    gone = {name: entry for name, entry in entries.items() if name not in now}
    return {**found, **{name: replace(entry, withdrawn=entry.withdrawn or today) for name, entry in gone.items()}}


def complaints(study: str, entries: Entries, now: Mapping[str, Seal]) -> Iterator[Complaint]:
    """The claims of a study that are not as they were sealed."""
    for name, seal in now.items():
        entry = entries.get(name)
        if entry is None or entry.withdrawn:
            yield Complaint("new", f"{study}: {name} is not sealed")
        elif changed := changes(entry, seal):
            said = f"{name} changed since it was sealed on {entry.sealed}: {'; '.join(changed)}"
            yield Complaint("changed", f"{study}: {said}")
    for name, entry in entries.items():
        if name not in now and not entry.withdrawn:
            yield Complaint("gone", f"{study}: {name} was sealed on {entry.sealed} and is gone")


def changes(entry: Entry, now: Seal) -> tuple[str, ...]:
    """In what a claim is not as it was sealed, in a few words each; empty where it is."""
    found = entry.seal.changes(now)
    return found or (("hash",) if entry.hash != now.hash else ())


def other_core(entry: Entry, now: Seal) -> bool:
    """Whether a core or the foundation is another than when the claim was sealed."""
    return bool(entry.seal.core) and entry.seal.core != now.core


def today() -> str:
    return datetime.date.today().isoformat()


def _resealed(entry: Entry | None, seal: Seal, verdicts: Mapping[str, str], today: str) -> Entry:
    if entry is None:
        return Entry(seal=seal, hash=seal.hash, sealed=today)
    changed = changes(entry, seal)
    if not changed:
        return replace(entry, seal=replace(seal, core=entry.seal.core or seal.core), withdrawn="")
    former = {
        "seal": entry.hash,
        "sealed": entry.sealed,
        "superseded": today,
        "changed": "; ".join(changed),
        "statement": entry.seal.statement,
        "predicted": entry.seal.predicted,
    }
    if entry.hash in verdicts:
        former["verdict"] = verdicts[entry.hash]
    return Entry(seal=seal, hash=seal.hash, sealed=today, history=(*entry.history, former))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _load(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} cannot be read: {error}; mend it, or take back what was merged into it") from None


def _entries(table: Mapping[str, Any]) -> Iterator[tuple[str, Entry]]:
    numbers = table.get("numbers", {})
    for name, values in table.get("claims", {}).items():
        about = {key: values[key] for key in ("statement", "rule", "measure", "predicted", "source")}
        about["core"] = values.get("core", "")
        yield (
            name,
            Entry(
                seal=Seal(numbers=numbers, **about),
                hash=values["seal"],
                sealed=values["sealed"],
                withdrawn=values.get("withdrawn", ""),
                history=tuple(values.get("history", ())),
            ),
        )


def _block(study: str, entries: Entries) -> str:
    """The tables of a study. Withdrawn claims do not decide its numbers."""
    of_study = [entry for entry in entries.values() if not entry.withdrawn] or list(entries.values())
    lines = [f"\n[{json.dumps(study)}.numbers]", *_lines(of_study[0].seal.numbers if of_study else {})]
    for name in sorted(entries):
        entry = entries[name]
        lines += [f"\n[{json.dumps(study)}.claims.{name}]", *_lines({"seal": entry.hash, "sealed": entry.sealed})]
        lines += _lines({"withdrawn": entry.withdrawn} if entry.withdrawn else {})
        lines += _lines(without_numbers(entry.seal))
        lines += ["history = [", *(f"    {_toml(former)}," for former in entry.history), "]"] if entry.history else []
    return "\n".join(lines) + "\n"


def _lines(values: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_toml(values[key])}" for key in values]


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_lines(value)) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, int | float) else json.dumps(str(value), ensure_ascii=False)


def _key(key: str) -> str:
    return key if key.replace("_", "").isalnum() and key.isascii() else json.dumps(key, ensure_ascii=False)
