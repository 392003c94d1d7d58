"""The commands: what they print where, and how they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from cli.commands import app
from experiments.lab.record import Record, records

Invoke = Callable[..., Result]


def document(result: Result) -> Any:
    """The one JSON document on stdout."""
    return json.loads(result.stdout)


HEAVY = ("torch", "hydra", "pydantic", "rich", "numpy")


def mlnotes_process(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    entry = "from cli.app import main; main()"
    return subprocess.run(
        [sys.executable, "-c", entry, *words], capture_output=True, text=True, env={**os.environ, **environment}
    )


def test_the_commands_are_these() -> None:
    names = [command.name or command.callback.__name__ for command in app.registered_commands]  # type: ignore[union-attr]
    assert names == ["list", "show", "run", "verify", "runs", "compare", "judge", "rerun", "doctor"]
    assert [group.name for group in app.registered_groups] == ["data"]


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("list",), ("list", "--json")])
def test_help_and_list_import_nothing_heavy(words: tuple[str, ...]) -> None:
    entry = f"import sys; sys.argv = ['mlnotes', *{words}]; from cli.app import main\n"
    entry += "try: main()\nexcept SystemExit: pass\n"
    check = f"assert not set({HEAVY}) & set(sys.modules), set({HEAVY}) & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", entry + check], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_list_says_question_and_claims(mlnotes: Invoke) -> None:
    result = mlnotes("list", "toys")
    assert result.stdout.splitlines()[:2] == ["toys.count  Does counting end?", "  theorem  Values are not negative."]
    listed = document(mlnotes("list", "--json"))["studies"]
    assert [study["name"] for study in listed] == ["toys.count", "toys.count_large"]
    assert listed[0]["claims"][0]["predicted"] == "holds"


def test_show_says_every_parameter(mlnotes: Invoke) -> None:
    text = mlnotes("show", "toys.count").stdout
    for words in (
        "Peano",
        "steps=3  (smoke: 2)",
        "an integer from 1 to 100",
        "holds iff no value is below 0",
        "workers=1",
    ):
        assert words in text
    steps = document(mlnotes("show", "toys.count", "--json"))["parameters"][0]
    assert (steps["name"], steps["default"], steps["smoke"]) == ("steps", 3, 2)


@pytest.mark.parametrize("command", ["show", "run", "verify"])
def test_an_unknown_name_is_one_line_and_exit_2(mlnotes: Invoke, command: str) -> None:
    result = mlnotes(command, "toys.cout")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "unknown experiment toys.cout: did you mean toys.count?\n"


def test_run_prints_table_curve_finding_and_record(mlnotes: Invoke, toys: Path) -> None:
    result = mlnotes("run", "toys.count", "seeds=2")
    (record,) = records(toys)
    assert result.exit_code == 0
    for words in ("counting", "mean over 2 seeds", "holds", "Values are not negative.", f"record: {record.path}"):
        assert words in result.stdout
    assert sorted(path.name for path in (record.path / "plots").iterdir()) == ["count.png", "count.svg"]


def test_json_is_one_document_of_the_record(mlnotes: Invoke, toys: Path) -> None:
    found = document(mlnotes("run", "toys.count", "rate=2", "--smoke", "--json"))
    assert list(found) == [
        "experiment", "study", "status", "record", "params", "seeds", "rows", "findings", "seconds", "versions",
    ]  # fmt: skip
    record = Record(Path(found["record"]))
    assert found["rows"] == record.rows()
    assert [row["value"] for row in found["rows"]] == [0, 2]
    assert found["findings"][0]["verdict"] == "holds"
    assert found["params"] == {"steps": 2, "rate": 2, "sizes": [1, 2], "fault": "none"}


def test_every_problem_is_a_line_and_nothing_is_written(mlnotes: Invoke, toys: Path) -> None:
    result = mlnotes("run", "toys.count", "steps=1000", "rate=x", "seeds=0")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "seeds: expected an integer from 1 to 10,000, got 0",
        "steps: expected an integer from 1 to 100, got 1000",
        "rate: expected a number, got 'x'",
    ]
    assert not toys.exists()


def test_data_that_cannot_be_used_is_exit_2_and_nothing_is_written(mlnotes: Invoke, toys: Path) -> None:
    result = mlnotes("run", "toys.count", "fault=data", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "toy.bin: expected 4 bytes, got 3; fetch it again\n"
    assert not toys.exists()


def test_a_crash_is_one_line_exit_1_and_keeps_the_rows(mlnotes: Invoke) -> None:
    result = mlnotes("run", "toys.count", "fault=crash", "--json")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "ValueError: the sky fell (run again with --debug for the traceback)"
    assert (document(result)["status"], len(document(result)["rows"])) == ("failed", 1)
    assert "Traceback" in mlnotes("run", "toys.count", "fault=crash", "--debug").stderr


def test_an_interrupt_is_exit_130_and_keeps_the_rows(mlnotes: Invoke, toys: Path) -> None:
    assert mlnotes("run", "toys.count", "fault=interrupt").exit_code == 130
    (record,) = records(toys)
    assert (record.status, len(record.rows())) == ("interrupted", 1)


def test_verify_is_one_line_per_claim(mlnotes: Invoke) -> None:
    result = mlnotes("verify", "toys")
    assert result.exit_code == 0
    claim, summary = result.stdout.splitlines()
    assert claim.split() == ["toys.count", "holds", "values_are_not_negative", "Values", "are", "not", "negative."]
    assert summary == "1 claims: 1 holds; 0 not as predicted"


def test_verify_ends_with_1_for_a_surprise_or_a_crash_and_goes_on(mlnotes: Invoke, toys: Path) -> None:
    config = toys.parent / "conf" / "toys" / "count_large.yaml"
    config.write_text(config.read_text() + "fault: wrong\n")
    surprised = mlnotes("verify", "toys.count_large", "--json")
    assert surprised.exit_code == 1
    assert document(surprised)["studies"][0]["findings"][0]["verdict"] == "refuted"
    config.write_text(config.read_text().replace("wrong", "crash"))
    crashed = document(mlnotes("verify", "toys.count_large", "toys.count", "--json"))
    assert [study["as_predicted"] for study in crashed["studies"]] == [False, True]


def test_verify_of_a_family_leaves_further_studies_to_those_who_name_them(mlnotes: Invoke) -> None:
    assert [s["study"] for s in document(mlnotes("verify", "--smoke", "--json"))["studies"]] == ["toys.count"]


def test_runs_compare_and_judge_read_what_run_wrote(mlnotes: Invoke, toys: Path) -> None:
    first, second = (document(mlnotes("run", "toys.count", f"rate={rate}", "--json"))["record"] for rate in (1, 2))
    listed = document(mlnotes("runs", "--json"))["runs"]
    assert {run["record"] for run in listed} == {first, second}
    compared = document(mlnotes("compare", first, second, "--json"))
    assert compared["settings"] == [{"key": "params.rate", "first": 1, "second": 2}]
    (value,) = (column for column in compared["rows"]["columns"] if column["column"] == "value")
    assert value == {"column": "value", "rows": 2, "largest": 2.0, "is_measured": False}
    assert "params.rate" in mlnotes("compare", first, second).stdout
    (Path(first) / "findings.json").unlink()
    assert "1 holds" in mlnotes("judge", first).stdout
    assert Record(Path(first)).findings()[0]["verdict"] == "holds"


def test_rerun_says_whether_rows_are_identical(mlnotes: Invoke) -> None:
    mlnotes("run", "toys.count", "seeds=2", "--smoke")
    same = mlnotes("rerun", "last")
    assert same.exit_code == 0
    assert same.stdout.startswith("all 4 rows are identical apart from measured times and memory\n")
    mlnotes("run", "toys.count", "fault=random")
    other = mlnotes("rerun", "last")
    assert other.exit_code == 1
    assert "rows differ: value in 3 rows by up to" in other.stdout


def test_rerun_refuses_a_run_without_all_its_rows(mlnotes: Invoke) -> None:
    mlnotes("run", "toys.count", "fault=crash")
    result = mlnotes("rerun", "last")
    assert result.exit_code == 2
    assert "is failed: expected a run that is done" in result.stderr


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


def test_the_list_is_plain_ascii_json_in_any_locale() -> None:
    done = mlnotes_process("list", "--json", LC_ALL="C", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert json.loads(done.stdout)["studies"]


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
