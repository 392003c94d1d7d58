"""The command as a whole: its commands, what they import, and how they end."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from cli.commands.main import app
from cli.exits import complain
from tests.cli.invoking import Invoke, document

HEAVY = ("torch", "hydra", "pydantic", "rich", "numpy")


def test_the_commands_are_these() -> None:
    names = [command.name or command.callback.__name__ for command in app.registered_commands]  # type: ignore[union-attr]
    known = {"list", "show", "run", "verify", "replicate", "compare", "judge", "rerun", "export", "seal"}
    assert set(names) == known | {"report", "notes", "doctor"}
    assert [group.name for group in app.registered_groups] == ["data", "runs"]


def test_the_version_is_said(mlnotes: Invoke) -> None:
    assert mlnotes("--version").stdout == f"mlnotes {version('mlnotes')}\n"


def test_every_command_that_says_something_says_it_in_json_too(mlnotes: Invoke, toys: Path) -> None:
    mlnotes("run", "toys.count")
    for words in (
        ("list",), ("show", "toys.count"), ("show", "last"), ("run", "toys.count"), ("verify", "toys.count"), ("runs",),
        ("compare", "last", "last"), ("judge", "last"), ("rerun", "last"), ("doctor",), ("data", "list"),
        ("data", "check"),
    ):  # fmt: skip
        result = mlnotes(*words, "--json")
        assert isinstance(document(result), dict), words


def test_help_after_a_study_lists_its_parameters(mlnotes: Invoke) -> None:
    result = mlnotes("run", "toys.count", "--help")
    assert result.exit_code == 0
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[0] == "Usage: mlnotes run toys.count [KEY=VALUE]... [OPTIONS]"
    assert lines[2] == "Does counting end?"
    assert "steps=3  (smoke: 2)" in lines
    assert "Rows to yield. an integer from 1 to 100" in lines
    assert "KEY=VALUE" in mlnotes("run", "--help").stdout
    assert mlnotes("run", "toys.cout", "--help").exit_code == 2


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("list",), ("list", "--json")])
def test_help_and_list_import_nothing_heavy(words: tuple[str, ...]) -> None:
    entry = f"import sys; sys.argv = ['mlnotes', *{words}]; from cli.app import main\n"
    entry += "try: main()\nexcept SystemExit: pass\n"
    check = f"assert not set({HEAVY}) & set(sys.modules), set({HEAVY}) & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", entry + check], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["show", "run", "verify"])
def test_an_unknown_name_is_one_line_and_exit_2(mlnotes: Invoke, command: str) -> None:
    result = mlnotes(command, "toys.cout")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "unknown experiment toys.cout: did you mean toys.count?\n"


def test_a_wrong_command_is_exit_2_with_a_suggestion(mlnotes: Invoke) -> None:
    result = mlnotes("verfy")
    assert result.exit_code == 2
    assert "Did you mean 'verify'?" in result.stderr


def test_a_closed_pipe_is_silent() -> None:
    entry = [sys.executable, "-c", "from cli.app import main; main()", "list", "--json"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(entry, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        entry = [sys.executable, "-c", "from cli.app import main; main()", "list", "--json"]
        done = subprocess.run(entry, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (1, "No space left on device\n")


def test_doctor_and_data_list_say_what_is_there(
    mlnotes: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLNOTES_DATA", str(tmp_path / "data"))
    report = mlnotes("doctor").stdout
    assert "torch" in report
    assert str(tmp_path / "data") in report
    assert "not there; can be fetched" in mlnotes("data", "list").stdout
    assert mlnotes("data", "check").exit_code == 0
    assert mlnotes("data", "fetch", "mnits").exit_code == 2


def test_an_error_has_no_control_code(capsys: pytest.CaptureFixture[str]) -> None:
    complain("label a\x1b[2Jb: unknown")
    assert capsys.readouterr().err == "label a?[2Jb: unknown\n"
