"""The sink that writes the record of a run; ``record`` says what is in one."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import platform
import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path

from experiments.lab import environment
from experiments.lab.code import code_of
from experiments.lab.errors import InputError
from experiments.lab.experiment import Artifact, Figure, Row
from experiments.lab.plan import Plan
from experiments.lab.record import FORMAT, Record, encode, process_start, replace_json, runs_home
from experiments.lab.sealing.looks import ledger
from experiments.lab.sealing.seal import table_hash, without_numbers
from experiments.lab.sealing.standing import standing_of_run
from experiments.lab.sinks import Looked, Outcome, Sink

RESERVE, RESERVED = ".reserve", 1 << 15
"""A file of zeros that gives way when the run ends, so that a full disk has room for how it ended."""


def new_directory(home: Path, name: str) -> Path:
    """A directory of its own, ``YYYYmmdd-HHMMSS-name-xxxx``; never one that exists, however many runs start at once.

    Raises:
        InputError: records cannot lie in ``home``.
    """
    make_home(home)
    while True:
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
        directory = home / f"{stamp}-{name}-{secrets.token_hex(2)}"
        with contextlib.suppress(FileExistsError):
            directory.mkdir()
            return directory


def make_home(home: Path) -> None:
    """Make the directory of records, where it is not there.

    Raises:
        InputError: it is something else, or cannot be written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{home} cannot be a directory of records ({error.strerror}): set $MLNOTES_RUNS") from None
    if not os.access(home, os.W_OK | os.X_OK):
        raise InputError(f"{home} cannot be written: set $MLNOTES_RUNS to a directory for records")


class Recording(Sink):
    """Writes the record of one run, into ``directory`` or a new one below ``home``, from the first event on."""

    def __init__(self, directory: Path | None = None, home: Path | None = None) -> None:
        self.directory = directory
        """Where the record is, once there is one."""
        self._home = home or runs_home()
        self._meta: dict[str, object] = {}
        self._notes: list[str] = []
        self._seeds_done: list[int] = []
        self._looks: list[object] = []
        self._plan: Plan
        self._rows: int
        """Descriptor of rows.jsonl: every row is one write, so that none is half there."""
        self._digest, self._number, self._size = hashlib.sha256(), 0, 0

    @property
    def record(self) -> Record | None:
        """The record that is there, if any."""
        there = self.directory is not None and (self.directory / "record.json").exists()
        return Record(self.directory) if there and self.directory is not None else None

    def start(self, plan: Plan) -> None:
        self.directory = self.directory or new_directory(self._home, plan.study)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._plan = plan
        self._meta = {
            "format": FORMAT,
            **plan.about(),
            "claims_hash": table_hash(plan.seals),
            "seals": {name: {"seal": seal.hash, **without_numbers(seal)} for name, seal in plan.seals.items()},
            "standing": standing_of_run(plan.standings),
            "standings": plan.standings,
            "versions": environment.versions(),
            "machine": environment.machine(),
            "commit": environment.commit(),
            "code": code_of(plan.name),
            "notes": self._notes,
            "seeds_done": self._seeds_done,
            **({"looks": self._looks} if plan.settings.until == "decided" else {}),
            "status": "running",
            "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "process": {"id": os.getpid(), "started": process_start(os.getpid()), "host": platform.node()},
        }
        self._open(self.directory)
        if plan.look is None and not plan.smoke:
            ledger(self._home).see(
                plan.study, {name: seal.hash for name, seal in plan.seals.items()}, plan.schedule[-1][0]
            )

    def row(self, part: str, row: Row) -> None:
        """Append a row and hand it to the system at once."""
        line = (json.dumps({"part": part, **encode(row)}, allow_nan=False) + "\n").encode()
        try:
            written = os.write(self._rows, line)
        except OSError as error:
            raise self._lost(error.errno or errno.EIO) from None
        if written < len(line):
            os.ftruncate(self._rows, self._size)
            raise self._lost(errno.ENOSPC)
        if os.fstat(self._rows).st_nlink == 0:  # somebody has deleted the record: there is no use in going on
            raise self._lost(errno.ENOENT)
        self._digest.update(line)
        self._number, self._size = self._number + 1, self._size + len(line)

    def note(self, text: str) -> None:
        self._notes.append(text)
        self._update()

    def figure(self, figure: Figure) -> None:
        with self._path("figures.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": type(figure).__name__, **encode(figure)}, allow_nan=False) + "\n")

    def artifact(self, artifact: Artifact) -> None:
        """Have a file written beside its name and renamed, so that none is ever half there."""
        path = self._path(artifact.name)
        beside = path.with_name(path.name + ".part")
        artifact.write(beside)
        beside.replace(path)

    def seed_done(self, seed: int) -> None:
        self._seeds_done.append(seed)
        self._update()

    def look(self, looked: Looked) -> None:
        """Keep the look, and the seeds that it asks for."""
        self._looks.append(encode(looked))
        self._notes.append(looked.text)
        self._update(seeds=list(self._plan.schedule[looked.number - (looked.then is None)][0]))

    def end(self, outcome: Outcome) -> None:
        """Close the record, whatever becomes of the findings."""
        try:
            self._path(RESERVE).unlink(missing_ok=True)
            os.close(self._rows)
            self._meta["rows"] = {"number": self._number, "sha256": self._digest.hexdigest()}
            if outcome.status == "done":
                replace_json(self._path("findings.json"), [finding.to_json() for finding in outcome.findings])
        finally:
            if isinstance(outcome.error, InputError) and not outcome.rows:
                shutil.rmtree(self._path("."))  # nothing was observed
            else:
                self._update(status=outcome.status, seconds=outcome.seconds, **_ending(outcome))

    def _open(self, directory: Path) -> None:
        """Make the files of the record, with room for its end; none where there is not that much room."""
        self._rows = os.open(directory / "rows.jsonl", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        try:
            (directory / RESERVE).write_bytes(bytes(RESERVED))
            self._update()
        except OSError as error:
            os.close(self._rows)
            shutil.rmtree(directory, ignore_errors=True)
            raise OSError(error.errno, error.strerror, str(directory)) from None

    def _lost(self, number: int) -> OSError:
        """The error of a row that could not be written, with its file, which the system does not name."""
        return OSError(number, os.strerror(number), str(self._path("rows.jsonl")))

    def _path(self, name: str) -> Path:
        assert self.directory is not None, "the run has not started"
        return self.directory / name

    def _update(self, **values: object) -> None:
        """Set keys of record.json; the file is replaced in one step."""
        self._meta.update(values)
        replace_json(self._path("record.json"), self._meta)


def _ending(outcome: Outcome) -> dict[str, object]:
    if outcome.status == "done":
        return {"answer": outcome.answer, "error": None}
    interrupted = outcome.status == "interrupted"
    return {"error": None if interrupted else f"{type(outcome.error).__name__}: {outcome.error}"}
