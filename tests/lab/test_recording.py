"""The sink that writes the record."""

from __future__ import annotations

import errno
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.lab.errors import InputError
from experiments.lab.experiment import Artifact
from experiments.lab.record import runs_home
from experiments.lab.recording import Recording, new_directory
from tests.lab import toy
from tests.lab.toy import StepRow


def started(home: Path) -> Recording:
    recording = Recording(home=home)
    recording.start(toy.plan(seeds=2))
    return recording


def meta(recording: Recording) -> dict[str, object]:
    assert recording.directory is not None
    found: dict[str, object] = json.loads((recording.directory / "record.json").read_text())
    return found


def test_directories_made_in_the_same_second_differ(tmp_path: Path) -> None:
    assert len({new_directory(tmp_path, "ann.nsg") for _ in range(50)}) == 50


def test_there_is_no_record_before_the_start(tmp_path: Path) -> None:
    recording = Recording(home=tmp_path / "runs")
    assert (recording.directory, recording.record) == (None, None)
    assert not (tmp_path / "runs").exists()


def test_the_record_says_what_ran_and_where(tmp_path: Path) -> None:
    recording = started(tmp_path)
    found = meta(recording)
    expected = {"experiment": "lab.count", "study": "lab.count", "params": {"steps": 3}, "seeds": [0, 1]}
    assert expected.items() <= found.items()
    assert {"status": "running", "parts": ["count"], "smoke": False}.items() <= found.items()
    assert {"versions", "machine", "commit", "claims_hash", "started", "process", "command", "settings"} <= set(found)
    recording.end(toy.outcome(status="done"))


def test_a_record_goes_into_the_directory_it_is_given(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "sweep" / "003")
    recording.start(toy.plan())
    recording.end(toy.outcome(status="done"))
    assert (tmp_path / "sweep" / "003" / "record.json").is_file()


def test_two_runs_never_share_a_directory(tmp_path: Path) -> None:
    first = Recording(tmp_path / "one")
    first.start(toy.plan())
    with pytest.raises(FileExistsError):
        Recording(tmp_path / "one").start(toy.plan())
    first.end(toy.outcome(status="done"))


def test_the_end_writes_status_seconds_answer_and_findings(tmp_path: Path) -> None:
    recording = started(tmp_path)
    recording.end(toy.outcome(StepRow(step=1), status="done", answer="It ends.", seconds=1.5))
    ended = meta(recording)
    assert [ended[key] for key in ("status", "answer", "seconds", "error")] == ["done", "It ends.", 1.5, None]
    assert recording.record is not None
    assert recording.record.findings() == []
    assert (recording.record.path / "findings.json").exists()


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [(ValueError("the sky fell"), "failed", "ValueError: the sky fell"), (KeyboardInterrupt(), "interrupted", None)],
)
def test_an_end_before_the_end_writes_the_error_and_no_findings(
    tmp_path: Path, error: BaseException, status: str, said: str | None
) -> None:
    recording = started(tmp_path)
    recording.end(toy.outcome(StepRow(step=1), status=status, error=error))  # type: ignore[arg-type]
    assert (meta(recording)["status"], meta(recording)["error"]) == (status, said)
    assert recording.directory is not None
    assert not (recording.directory / "findings.json").exists()


def test_an_input_error_without_rows_leaves_no_directory_and_with_rows_all_of_it(tmp_path: Path) -> None:
    for rows in ((), (StepRow(step=1),)):
        recording = started(tmp_path)
        recording.end(toy.outcome(*rows, status="failed", error=InputError("x")))
        assert (recording.record is not None) == bool(rows)
    assert len(list(tmp_path.iterdir())) == 1


def test_an_artifact_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    recording = started(tmp_path)

    def half(path: Path) -> None:
        path.write_text("half")
        raise OSError("no space")

    recording.artifact(Artifact("whole.txt", lambda path: path.write_text("whole") and None))
    with pytest.raises(OSError, match="no space"):
        recording.artifact(Artifact("half.txt", half))
    assert recording.directory is not None
    names = {path.name for path in recording.directory.iterdir()}
    assert "whole.txt" in names
    assert "half.txt" not in names
    recording.end(toy.outcome(status="done"))


def test_records_lie_in_runs_or_where_the_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLNOTES_RUNS", raising=False)
    assert runs_home() == Path("runs")
    monkeypatch.setenv("MLNOTES_RUNS", "/elsewhere")
    assert runs_home() == Path("/elsewhere")


def test_a_home_that_is_a_dangling_link_or_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere" / "deep")
    (tmp_path / "file").touch()
    for home in (tmp_path / "link", tmp_path / "file", tmp_path / "file" / "runs"):
        with pytest.raises(InputError, match=r"cannot be a directory of records .*: set \$MLNOTES_RUNS"):
            new_directory(home, "a.b")


def test_a_full_disk_is_told_with_the_file_and_the_record_says_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, write = started(tmp_path), os.write
    recording.row("count", StepRow(step=1))
    monkeypatch.setattr(os, "write", lambda descriptor, line: write(descriptor, line[:9]))
    with pytest.raises(OSError, match="No space left on device") as raised:
        recording.row("count", StepRow(step=2))
    monkeypatch.undo()
    assert str(raised.value.filename).endswith("rows.jsonl")
    recording.end(replace(toy.outcome(status="failed"), error=raised.value))
    assert recording.record is not None
    assert (recording.record.status, len(recording.record.rows())) == ("failed", 1)
    assert not list(tmp_path.glob("*/.reserve"))


def test_no_room_at_the_start_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left on device"):
        started(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_record_that_was_deleted_ends_its_run(tmp_path: Path) -> None:
    recording = started(tmp_path)
    assert recording.directory is not None
    shutil.rmtree(recording.directory)
    with pytest.raises(OSError, match="No such file or directory"):
        recording.row("count", StepRow(step=1))
