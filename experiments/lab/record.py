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

import contextlib
import dataclasses
import itertools
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_type_hints

from experiments.lab.errors import InputError
from experiments.lab.experiment import Drawing, Experiment, Figure, Heatmap, Row, Rows, Trace, columns_of
from experiments.lab.sinks import Status

FORMAT = 2
"""Of records: from 2 on every row names its part."""


def runs_home() -> Path:
    """Where records lie: ``$MLNOTES_RUNS``, else ``runs`` in the working directory."""
    return Path(os.environ.get("MLNOTES_RUNS") or "runs")


class Record:
    """A record as a reader sees it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.meta: dict[str, Any] = _load(path / "record.json")

    @classmethod
    def open(cls, name: str | Path, home: Path | None = None) -> Record:
        """The record at a path, with an id or an unambiguous beginning of one, or the newest one for "last".

        Raises:
            InputError: there is none, or several begin so.
        """
        if (Path(name) / "record.json").is_file():
            return cls(Path(name))
        known = records(home)
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
        return "killed" if status == "running" and not _alive(self.meta["process"]) else status

    def rows(self) -> list[dict[str, Any]]:
        """Rows as plain values; a last line that was cut short by a kill is left out."""
        lines = (self.path / "rows.jsonl").read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines[:-1] if line]

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
        readers = {part.name: _Reader(part.row) for part in experiment.parts}
        for row in self.rows():
            part = row.pop("part")
            if part not in readers or set(row) != readers[part].columns:
                known = readers[part].columns if part in readers else set(readers)
                other = ", ".join(sorted(set(row) ^ known)) if part in readers else part
                raise InputError(f"record {self.id} has other columns than the experiment now ({other}): run it again")
            by_part[part].append(readers[part].row(row))
        return Rows({part: tuple(rows) for part, rows in by_part.items()})

    def findings(self) -> list[dict[str, Any]]:
        """Findings as plain values; empty where the run did not come to its end."""
        path = self.path / "findings.json"
        return _load(path) if path.exists() else []

    def first_findings(self) -> list[dict[str, Any]]:
        """Findings by the claims as they were in the run, also where it was judged again since."""
        own = self.meta["claims_hash"]
        kept = self.path / f"findings.{own[:8]}.json"
        return _load(kept) if self.meta.get("findings_hash", own) != own and kept.exists() else self.findings()

    def figures(self) -> list[Figure]:
        """Drawings, heat maps and traces."""
        path = self.path / "figures.jsonl"
        if not path.exists():
            return []
        return [_figure(json.loads(line)) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]

    def replace_findings(
        self, findings: Sequence[Mapping[str, object]], answer: str, claims_hash: str
    ) -> Path | None:
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
    home = home or runs_home()
    found = []
    for path in (*home.glob("*/record.json"), *home.glob("*-sweep-*/*/record.json")):
        with contextlib.suppress(InputError):
            found.append(Record(path.parent))
    return sorted(found, key=lambda record: (record.meta["started"], record.id), reverse=True)


def encode(value: Any) -> Any:
    """``value`` as strict JSON: NaN is null, infinities are "inf" and "-inf"."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return str(value) if isinstance(value, Path) else value


class _Reader:
    """Makes rows of one type from plain values; by hand, because pydantic's JSON has one word for NaN and infinity."""

    def __init__(self, row_type: type[Row]) -> None:
        self.row_type = row_type
        self.columns = set(columns_of(row_type))
        self._hints = get_type_hints(row_type)

    def row(self, values: Mapping[str, Any]) -> Row:
        return self.row_type(**{name: _decode(self._hints[name], value) for name, value in values.items()})


def _decode(annotation: Any, value: Any) -> Any:
    if annotation is float:
        return math.nan if value is None else float(value)
    return _tuples(value)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _figure(stored: dict[str, Any]) -> Figure:
    kinds = {kind.__name__: kind for kind in (Heatmap, Drawing, Trace)}
    return kinds[stored.pop("kind")](**{name: _tuples(value) for name, value in stored.items()})


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a record: {error}") from None


def replace_json(path: Path, value: object) -> None:
    """Write JSON beside ``path`` and rename it: a reader finds the old file or the new one and never half."""
    beside = path.with_suffix(".part")
    try:
        beside.write_text(json.dumps(encode(value), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _alive(process: Mapping[str, Any]) -> bool:
    """Whether the writer still runs; one on another host is taken at its word."""
    if process["host"] != platform.node():
        return True
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
