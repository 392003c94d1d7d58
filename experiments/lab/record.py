"""The record of a run: a directory of plain files that can be read without mlnotes.

    runs/20260102-030405-ann.nsg-3f9a/
        record.json      configuration, status, seeds, versions, machine, commit, notes
        rows.jsonl       one row a line with the name of its part, flushed as it comes (NaN is null, infinities are
                         "inf" and "-inf")
        findings.json    verdicts with their evidence; findings.1a2b3c4d.json are former ones, by the claims' hash
        figures.jsonl    drawings, heat maps and traces as data
        plots/, ...      pictures and artifacts such as checkpoints

A record survives its writer: rows are on disk as soon as they are known, ``record.json`` is replaced in one step, and
a status of "running" is believed only while the process that wrote it lives.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import platform
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from experiments.lab.errors import InputError
from experiments.lab.experiment import Experiment, Figure, Row, Rows
from experiments.lab.record_checks import FINDING, OLD_FINDING, load_findings, load_meta, stored_rows
from experiments.lab.record_values import Reader, figure_of, other_columns
from experiments.lab.record_values import encode as encode
from experiments.lab.sinks import Status

FORMAT = 2
"""Of records: from 2 on every row names its part."""
DAY = 86_400


def runs_home() -> Path:
    """Where records lie: ``$MLNOTES_RUNS``, else ``runs`` in the working directory."""
    return Path(os.environ.get("MLNOTES_RUNS") or "runs")


class Record:
    """A record as a reader sees it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.meta = load_meta(path / "record.json")

    @classmethod
    def open(cls, name: str | Path, home: Path | None = None) -> Record:
        """The record at a path, with an id or an unambiguous beginning of one, or the newest one for "last".

        Raises:
            InputError: there is none, or several begin so.
        """
        for path in (Path(name), (home or runs_home()) / name):
            if os.path.isfile(path / "record.json"):  # of a name that is too long for a file it says no
                return cls(path)
        known, faults = records_and_faults(home)
        if not known and faults:
            raise InputError(*faults)
        if not known:
            raise InputError(f"no record {name}: {home or runs_home()} holds no records; run an experiment first")
        if str(name) == "last":
            return known[0]
        found = [r for r in known if r.id == str(name)] or [r for r in known if r.id.startswith(str(name))]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(f"{name} is ambiguous: {', '.join(record.id for record in found[:5])}; give more letters")
        where = home or runs_home()
        raise InputError(f"no record {name} in {where}: expected an id from `mlnotes runs`, a path, or last")

    @property
    def id(self) -> str:
        """Name of the directory; a job of a sweep is ``sweep/job``."""
        sweep = self.path.resolve().parent
        return f"{sweep.name}/{self.path.name}" if "-sweep-" in sweep.name else self.path.resolve().name

    @property
    def status(self) -> Status:
        """Status as it is, not as it was written: a writer that is gone without a word was killed."""
        status: Status = self.meta["status"]
        return "killed" if status == "running" and not _alive(self.meta["process"], self.path) else status

    def rows(self) -> list[dict[str, Any]]:
        """Rows as plain values; a last line that was cut short by a kill is left out.

        Raises:
            InputError: a line that is no row, or other rows than those that the run wrote.
        """
        return list(self.each_row())

    def each_row(self) -> Iterator[dict[str, Any]]:
        """The same one after the other, for records of many rows."""
        return stored_rows(self.path / "rows.jsonl", self.meta.get("rows"))

    def typed_rows(self, experiment: Experiment[Any, Any]) -> Rows:
        """Rows as the experiment's own types, by part.

        Raises:
            InputError: the record was made by a version of the experiment with other parts or columns.
        """
        if self.meta.get("format", 1) < FORMAT:
            raise InputError(
                f"record {self.id} was made before rows had parts: it can be compared; to show or judge, run it again"
            )
        by_part: dict[str, list[Row]] = {name: [] for name in self.meta["parts"]}
        readers = {part.name: Reader(part.row, self.id) for part in experiment.parts}
        with without_collections():
            for row in self.each_row():
                part = row.pop("part", None)
                if not isinstance(part, str) or part not in by_part or part not in readers:
                    raise other_columns(self.id, str(part))
                by_part[part].append(readers[part].row(row))
        return Rows({part: tuple(rows) for part, rows in by_part.items()})

    def findings(self) -> list[dict[str, Any]]:
        """Findings as plain values; empty where the run did not come to its end.

        Raises:
            InputError: the file is damaged.
        """
        path = self.path / "findings.json"
        return self._findings(path) if path.exists() else []

    def readable_findings(self) -> list[dict[str, Any]]:
        """The same, none where the file is damaged: for a look through many records."""
        try:
            return self.findings()
        except InputError:
            return []

    def _findings(self, path: Path) -> list[dict[str, Any]]:
        return load_findings(path, FINDING if self.meta.get("format", 1) >= FORMAT else OLD_FINDING)

    def first_findings(self) -> list[dict[str, Any]]:
        """Findings by the claims as they were in the run, also where it was judged again since."""
        own = self.meta["claims_hash"]
        kept = self.path / f"findings.{own[:8]}.json"
        return self._findings(kept) if self.meta.get("findings_hash", own) != own and kept.exists() else self.findings()

    def figures(self) -> list[Figure]:
        """Drawings, heat maps and traces."""
        path = self.path / "figures.jsonl"
        try:
            lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
            return [figure_of(json.loads(line)) for line in lines]
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise InputError(f"{path} cannot be read as figures: {' '.join(str(error).split())[:120]}") from None

    def replace_findings(self, findings: Sequence[Mapping[str, object]], answer: str, claims_hash: str) -> Path | None:
        """Store the findings and the answer of a later judgement; other findings are kept beside the hash of the
        claims that made them.

        Returns:
            Where the former findings are, if they were others.
        """
        before, kept = self.findings(), None
        if before and before != encode(findings):
            made_by = str(self.meta.get("findings_hash", self.meta["claims_hash"]))[:8]
            again = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
            kept = next(path for one in again if not (path := self.path / f"findings.{made_by}{one}.json").exists())
            replace_json(kept, before)
        replace_json(self.path / "findings.json", findings)
        self.meta |= {"findings_hash": claims_hash, "answer": answer}
        replace_json(self.path / "record.json", self.meta)
        return kept


def records(home: Path | None = None) -> list[Record]:
    """All records below ``home``, newest first, jobs of sweeps among them; what cannot be read is passed over."""
    return records_and_faults(home)[0]


def record_files(home: Path | None = None) -> list[Path]:
    """The ``record.json`` of all records below ``home``, newest first by the names of their directories."""
    home = home or runs_home()
    found = (*home.glob("*/record.json"), *home.glob("*-sweep-*/*/record.json"))
    return sorted(found, key=lambda path: path.parts[len(home.parts) :], reverse=True)


def records_and_faults(home: Path | None = None, files: Iterable[Path] | None = None) -> tuple[list[Record], list[str]]:
    """All records below ``home``, or those of ``files``, newest first, jobs of sweeps among them; and what is wrong
    with those left out.
    """
    found, faults = list[Record](), list[str]()
    for path in record_files(home) if files is None else files:
        try:
            found.append(Record(path.parent))
        except InputError as error:
            faults.extend(error.problems)
    return sorted(found, key=lambda record: (record.meta["started"], record.id), reverse=True), faults


@contextmanager
def without_collections() -> Iterator[None]:
    """For stored rows, which are many and refer to nothing: looking for cycles among them takes longer than reading."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def replace_json(path: Path, value: object) -> None:
    """Write JSON beside ``path`` and rename it: a reader finds the old file or the new one and never half."""
    beside = path.with_suffix(".part")
    try:
        beside.write_text(json.dumps(encode(value), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None  # a write on a full disk names no file
    finally:
        beside.unlink(missing_ok=True)


def _alive(process: Mapping[str, Any], directory: Path) -> bool:
    """Whether the writer still runs; one on another host is taken at its word for a day after its last sign."""
    if process["host"] != platform.node():
        return time.time() - max(path.stat().st_mtime for path in (directory, *directory.glob("*.json*"))) < DAY
    try:
        os.kill(process["id"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process["started"] is None or process["started"] == process_start(process["id"])


def process_start(process_id: int) -> int | None:
    """Clock tick at which a process began, which tells it from a later one with its number; None without /proc."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])
