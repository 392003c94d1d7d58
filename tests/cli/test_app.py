"""The command as a whole: its commands, what they import, and how they end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.commands import app
from tests.cli.invoking import Invoke

HEAVY = ("torch", "hydra", "pydantic", "rich", "numpy")


def test_the_commands_are_these() -> None:
    names = [command.name or command.callback.__name__ for command in app.registered_commands]  # type: ignore[union-attr]
    assert names == ["list", "show", "run", "verify", "runs", "compare", "judge", "rerun", "seal", "doctor"]
    assert [group.name for group in app.registered_groups] == ["data"]


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
