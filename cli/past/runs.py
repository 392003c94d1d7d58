"""``mlnotes runs``: past runs in one line each, narrowed and sorted; their tags; and which are deleted."""

from __future__ import annotations

import json as json_module
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from cli.document import print_document
from cli.exits import complain
from cli.screen import Screen, printable, signs_text
from cli.value_text import value_text
from experiments.lab.errors import InputError
from experiments.lab.record import Record, record_files, records_and_faults, replace_json, runs_home

Document = dict[str, Any]

TAGS = "tags.json"
AGES = ((365 * 86400, "y"), (30 * 86400, "mo"), (86400, "d"), (3600, "h"), (60, "min"))


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which runs are listed, and in which order."""

    study: str = ""
    """A study or a family."""
    tag: str = ""
    limit: int = 20
    """At most so many; 0 is no limit."""
    sort: str = "age"
    """age, seconds, study, or a parameter."""

    @property
    def is_newest(self) -> bool:
        """Whether the newest are wanted, whatever they are: then the names of the directories say which to read."""
        return bool(self.limit) and self.sort == "age" and not self.study and not self.tag

    def of(self, known: Sequence[Record]) -> list[Record]:
        """The runs that are wanted, newest first unless another order is."""
        found = [one for one in known if self._has_study(one) and (not self.tag or self.tag in tags_of(one))]
        return found if self.sort == "age" else sorted(found, key=self._key)

    def _has_study(self, record: Record) -> bool:
        name = str(record.meta["study"])
        return not self.study or name == self.study or name.partition(".")[0] == self.study

    def _key(self, record: Record) -> tuple[int, float, str]:
        """Numbers before words, and both before what a run does not have."""
        meta = record.meta
        known = {"seconds": meta.get("seconds"), "study": meta["study"], **meta["settings"], **meta["params"]}
        value = known.get(self.sort)
        if value is None:
            return 2, 0.0, ""
        is_number = isinstance(value, int | float)
        return (0, float(value), "") if is_number else (1, 0.0, value_text(value))


def print_runs(wanted: Filter, *, json: bool) -> None:
    """Print the runs that are wanted, one line each."""
    files = record_files()
    known, faults = records_and_faults(files=files[: 2 * wanted.limit] if wanted.is_newest else files)
    found = wanted.of(known)
    shown = []
    for record in found[: wanted.limit] if wanted.limit else found:
        try:
            shown.append(summary(record))
        except InputError as error:
            faults.extend(error.problems)
    if json:
        print_document({"runs": shown, "damaged": faults})
        return
    for line in run_lines(shown, Screen.of_stdout(), datetime.now(UTC)):
        print_line(line)
    complain(*faults)
    if not found:
        print_line(f"no runs{' like that' if known else ''} in {runs_home()}")
    elif more := (len(files) if wanted.is_newest else len(found)) - len(shown) - len(faults):
        print_line(f"... {more} more: --limit 0")


def run_lines(runs: Sequence[Document], screen: Screen, now: datetime) -> Iterator[str]:
    """Id, verdicts, time, age, parameters that are not the study's and tags; these below where they do not fit."""
    rows = [
        (run["id"], _outcome(run, screen), _seconds(run["seconds"]), age(run["started"], now), _particulars(run))
        for run in runs
    ]
    widths = [max((len(row[place]) for row in rows), default=0) for place in range(4)]
    for name, outcome, seconds, old, particulars in rows:
        line = f"{name:<{widths[0]}}  {outcome:<{widths[1]}}  {seconds:>{widths[2]}}  {old:>{widths[3]}}  "
        if len(line + particulars) <= screen.width:
            yield screen.cut((line + particulars).rstrip(), screen.width)
        else:
            yield from (screen.cut(text, screen.width) for text in (line.rstrip(), f"    {particulars}"))


def summary(record: Record) -> Document:
    """A run as ``runs --json`` gives it."""
    meta = record.meta
    return {
        "id": record.id,
        "record": str(record.path.resolve()),
        "experiment": meta["experiment"],
        "study": meta["study"],
        "status": record.status,
        "smoke": meta["smoke"],
        "started": meta["started"],
        "seconds": meta.get("seconds"),
        "seeds": len(meta["seeds"]),
        "changed": changed_values(meta),
        "tags": tags_of(record),
        "verdicts": [finding["verdict"] for finding in record.findings()],
    }


def changed_values(meta: Mapping[str, Any]) -> Document:
    """The parameters that the user set, with their values; of a run that repeats another one those of that one."""
    command = meta["command"]
    if command[1:2] == ["rerun"]:
        try:
            first = Record(runs_home() / str(*command[2:3])).meta
        except InputError:
            return {}
        return {} if first["command"] == command else changed_values(first)
    values = {**meta["params"], **meta["settings"]}
    keys = dict.fromkeys(word.partition("=")[0] for word in command[3:] if "=" in word)
    return {key: values[key] for key in keys if key in values}


def delete_runs(names: Sequence[str], *, sure: bool, json: bool = False) -> None:
    """Delete runs, or a sweep with all its jobs, after asking.

    Raises:
        InputError: one line per run that is not there or still running; then nothing is deleted.
    """
    paths = [_deletable(name) for name in names]
    if not sure:
        if not sys.stdin.isatty():
            raise InputError(f"{len(paths)} to delete: add --yes, since nobody can be asked here")
        typer.confirm("\n".join(("Delete", *map(str, paths), "")) + "for good?", abort=True)
    deleted = list(dict.fromkeys(paths))
    for path in deleted:
        shutil.rmtree(path)
        if not json:
            print_line(f"deleted {path}")
    if json:
        print_document({"deleted": list(map(str, deleted))})


def tag_run(name: str, tags: Sequence[str], *, remove: bool, json: bool = False) -> None:
    """Give a run tags, or take them away, and print those that it has."""
    record = Record.open(name)
    now = [tag for tag in tags_of(record) if tag not in tags] + ([] if remove else list(dict.fromkeys(tags)))
    replace_json(record.path / TAGS, now)
    if json:
        print_document({"run": record.id, "tags": now})
    else:
        print_line(f"{record.id}: {', '.join(now) or 'no tags'}")


def tags_of(record: Record) -> list[str]:
    """The tags of a run; they have a file of their own, since a run that goes on writes its record anew."""
    try:
        tags = json_module.loads((record.path / TAGS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def age(started: str, now: datetime) -> str:
    """How long ago, in one unit.

    >>> age("2026-01-01T00:00:00+00:00", datetime(2026, 1, 1, 5, 30, tzinfo=UTC))
    '5 h ago'
    """
    seconds = (now - datetime.fromisoformat(started)).total_seconds()
    return next((f"{seconds // size:.0f} {unit} ago" for size, unit in AGES if seconds >= size), "just now")


def whole_number(option: str, text: str) -> int:
    """The number that an option was given.

    Raises:
        InputError: it is none.
    """
    if not text.isdecimal():
        raise InputError(f"{option}: expected a whole number, got {text}")
    return int(text)


def print_line(line: str) -> None:
    sys.stdout.write(f"{printable(line)}\n")


def _deletable(name: str) -> Path:
    sweep = runs_home() / name
    if "-sweep-" in name and sweep.is_dir() and sweep.parent == runs_home():
        return sweep
    record = Record.open(name)
    if record.status == "running":
        raise InputError(f"{record.id} is still running: expected a run that has ended")
    return record.path


def _outcome(run: Document, screen: Screen) -> str:
    return signs_text(run["verdicts"], ascii_only=screen.ascii_only) if run["status"] == "done" else str(run["status"])


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.{0 if seconds >= 10 else 1}f} s"


def _particulars(run: Document) -> str:
    changed = [f"{key}={value_text(value)}" for key, value in run["changed"].items()]
    return " ".join([*(["--smoke"] if run["smoke"] else []), *changed, *(f"#{tag}" for tag in run["tags"])])
