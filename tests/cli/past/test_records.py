"""``runs``, ``compare`` and ``judge``: past runs, also those of the first format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.lab.record import Record
from tests.cli.invoking import Invoke, document


def test_runs_compare_and_judge_read_what_run_wrote(mlnotes: Invoke, toys: Path) -> None:
    first, second = (document(mlnotes("run", "toys.count", f"rate={rate}", "--json"))["record"] for rate in (1, 2))
    listed = document(mlnotes("runs", "--json"))["runs"]
    assert {run["record"] for run in listed} == {first, second}
    compared = document(mlnotes("compare", first, second, "--json"))
    assert compared["settings"] == [{"key": "params.rate", "values": [1, 2]}]
    (value,) = (column for column in compared["rows"][0]["columns"] if column["column"] == "value")
    assert value == {"column": "value", "rows": 2, "largest": 2.0, "is_measured": False}
    assert "params.rate" in mlnotes("compare", first, second).stdout
    (Path(first) / "findings.json").unlink()
    assert "1 holds" in mlnotes("judge", first).stdout
    assert Record(Path(first)).findings()[0]["verdict"] == "holds"


def run(mlnotes: Invoke, *words: str) -> Path:
    """The record of a run."""
    return Path(document(mlnotes("run", *words, "--json"))["record"])


def test_two_equal_runs_differ_in_nothing(mlnotes: Invoke, squares: Path) -> None:
    first, second = (str(run(mlnotes, "toys.squares")) for _ in range(2))
    result = mlnotes("compare", first, second)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "same settings and environment"
    assert lines[-2:] == ["same verdicts", "all 9 rows are identical apart from measured times and memory"]
    compared = document(mlnotes("compare", first, second, "--json"))
    assert (compared["settings"], compared["verdicts"]) == ([], [])
    assert compared["runs"] == [Path(first).name, Path(second).name]
    assert compared["rows"] == [{"run": Path(second).name, "first": 9, "second": 9, "identical": True, "columns": []}]
    assert "Accuracy" not in result.stdout  # tables of equal runs say nothing


def test_compare_tells_verdicts_that_differ_also_of_conditions(mlnotes: Invoke, squares: Path) -> None:
    first, second = (run(mlnotes, "toys.squares", f"share={share}") for share in (0.5, 0.1))
    assert document(mlnotes("compare", str(first), str(second), "--json"))["verdicts"] == [
        {"claim": "networks_learn", "values": ["holds", "conditional"]},
        {"claim": "networks_learn, deep", "values": ["holds", "refuted"]},
    ]
    text = mlnotes("compare", first.name, second.name).stdout
    table = [line.split() for line in text[text.index("Verdicts that differ") :].splitlines()]
    assert ["networks_learn", "holds", "conditional"] in table
    assert ["networks_learn,", "deep", "holds", "refuted"] in table


def test_compare_shows_every_table_of_both_runs(mlnotes: Invoke, squares: Path) -> None:
    first, second = (run(mlnotes, "toys.squares", f"share={share}") for share in (0.5, 0.1))
    lines = [line.split() for line in mlnotes("compare", first.name, second.name).stdout.splitlines()]
    assert ["parity", "1", "1", "0"] in lines
    (deep,) = (line for line in lines if line[:1] == ["deep"] and len(line) == 4)
    assert deep[3].startswith("-0.4")


def test_compare_of_runs_with_other_parts_shows_what_each_has(mlnotes: Invoke, squares: Path) -> None:
    first, second = (run(mlnotes, "toys.squares", f"parts={part}") for part in ("laws", "training"))
    result = mlnotes("compare", first.name, second.name)
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["parity", "1", "–", "–"] in lines
    assert ["laws_hold", "holds", "not", "judged"] in lines
    assert result.stdout.splitlines()[-1] == "rows differ: 3 and 6 of them"


def test_runs_of_different_experiments_are_not_compared(mlnotes: Invoke, squares: Path) -> None:
    first, second = run(mlnotes, "toys.squares"), run(mlnotes, "toys.count")
    result = mlnotes("compare", str(first), str(second))
    assert result.exit_code == 2
    assert result.stderr == "expected runs of one experiment, got toys.squares and toys.count\n"
    alone = mlnotes("compare", str(first))
    assert (alone.exit_code, alone.stderr) == (2, "expected two runs or more, got 1: mlnotes compare RUN RUN...\n")


def test_any_number_of_runs_is_compared_with_the_first(mlnotes: Invoke, squares: Path) -> None:
    runs = [run(mlnotes, "toys.squares", f"share={share}") for share in (0.5, 0.5, 0.1)]
    lines = mlnotes("compare", *map(str, runs)).stdout.splitlines()
    assert lines[-2:] == [
        f"{runs[1].name}: all 9 rows are identical apart from measured times and memory",
        f"{runs[2].name}: rows differ: accuracy in 3 rows by up to 0.4",
    ]
    assert ["params.share", "0.5", "0.5", "0.1"] in [line.split() for line in lines]
    assert ["networks_learn", "holds", "holds", "conditional"] in [line.split() for line in lines]
    found = document(mlnotes("compare", *map(str, runs), "--json"))
    assert [one["identical"] for one in found["rows"]] == [True, False]


def test_judge_reads_every_part_of_a_record(mlnotes: Invoke, squares: Path) -> None:
    record = run(mlnotes, "toys.squares")
    before = Record(record).findings()
    (record / "findings.json").unlink()
    assert "2 claims: 2 hold" in mlnotes("judge", str(record)).stdout
    assert Record(record).findings() == before


def test_judge_of_a_run_with_one_part_judges_that_part(mlnotes: Invoke, squares: Path) -> None:
    record = run(mlnotes, "toys.squares", "parts=training")
    assert "2 claims: 1 holds, 1 not judged" in mlnotes("judge", str(record)).stdout


def test_a_run_that_is_still_running_is_not_judged(mlnotes: Invoke) -> None:
    record = run(mlnotes, "toys.count")
    meta = json.loads((record / "record.json").read_text())
    (record / "record.json").write_text(json.dumps({**meta, "status": "running"}))
    result = mlnotes("judge", str(record))
    assert (result.exit_code, result.stderr) == (
        2,
        f"{record.name} is still running: expected a run that has ended\n",
    )


# records of the first format


def of_first_format(record: Path, **conditions: str) -> Path:
    """The record rewritten as it was made before rows had parts."""
    meta: dict[str, Any] = json.loads((record / "record.json").read_text())
    old = {key: value for key, value in meta.items() if key not in ("format", "parts", "answer", "rows")}
    old["settings"].pop("parts")
    (record / "record.json").write_text(json.dumps(old))
    rows = [json.loads(line) for line in (record / "rows.jsonl").read_text().splitlines()]
    for row in rows:
        row.pop("part")
    (record / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    findings = json.loads((record / "findings.json").read_text())
    for finding in findings:
        finding["parts"] = finding.pop("conditions")
        finding.pop("part")
        finding.pop("source")
    (record / "findings.json").write_text(json.dumps(findings))
    return record


@pytest.fixture
def old(mlnotes: Invoke, squares: Path) -> tuple[Path, Path]:
    """Two records of the first format, whose deep networks differ."""
    first, second = (of_first_format(run(mlnotes, "toys.squares", f"share={share}")) for share in (0.5, 0.1))
    return first, second


def test_records_of_the_first_format_are_listed(mlnotes: Invoke, old: tuple[Path, Path]) -> None:
    listed = document(mlnotes("runs", "--json"))["runs"]
    assert {run["record"] for run in listed} == {str(path) for path in old}
    assert [run["verdicts"] for run in listed if run["record"] == str(old[0])] == [["holds", "holds"]]
    assert all(path.name in mlnotes("runs").stdout for path in old)


def test_records_of_the_first_format_are_compared_row_by_row_with_their_verdicts(
    mlnotes: Invoke, old: tuple[Path, Path]
) -> None:
    result = mlnotes("compare", str(old[0]), str(old[1]))
    assert result.exit_code == 0
    assert "rows differ: accuracy in 3 rows by up to 0.4" in result.stdout
    assert "networks_learn, deep" in result.stdout
    why = f"record {old[0].name} was made before rows had parts: it can be compared; to show or judge, run it again\n"
    assert result.stderr == why
    compared = document(mlnotes("compare", str(old[0]), str(old[1]), "--json"))
    assert compared["rows"][0]["columns"] == [
        {"column": "accuracy", "rows": 3, "largest": pytest.approx(0.4), "is_measured": False}
    ]
    assert [one["claim"] for one in compared["verdicts"]] == ["networks_learn", "networks_learn, deep"]


def test_a_record_of_the_first_format_is_compared_with_a_new_one(
    mlnotes: Invoke, squares: Path, old: tuple[Path, Path]
) -> None:
    new = run(mlnotes, "toys.squares", "share=0.5")
    result = mlnotes("compare", str(old[0]), str(new))
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-2:] == [
        "same verdicts",
        "rows differ: part in 9 rows",
    ]


def test_a_record_of_the_first_format_is_not_judged_and_says_so_in_one_line(
    mlnotes: Invoke, old: tuple[Path, Path]
) -> None:
    before = (old[0] / "findings.json").read_text()
    result = mlnotes("judge", str(old[0]))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        f"record {old[0].name} was made before rows had parts: it can be compared; to show or judge, run it again"
    ]
    assert (old[0] / "findings.json").read_text() == before


def test_a_record_of_the_first_format_can_be_run_again_and_its_rows_lack_their_part(
    mlnotes: Invoke, old: tuple[Path, Path]
) -> None:
    result = mlnotes("rerun", str(old[0]))
    assert result.exit_code == 1
    assert "rows differ: part in 9 rows\n" in result.stdout
