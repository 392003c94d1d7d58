"""``runs``: past runs in a line each, their tags, and which are deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.past.runs import age, run_lines
from cli.screen import Screen
from experiments.lab.record import Record, records
from tests.cli.invoking import Invoke, document

NOW = datetime(2026, 1, 10, tzinfo=UTC)
RUN: dict[str, Any] = {
    "id": "20260109-000000-toys.count-0a1b", "status": "done", "smoke": False, "started": "2026-01-09T23:58:00+00:00",
    "seconds": 7.2, "changed": {}, "tags": [], "verdicts": ["holds", "holds", "conditional", "not judged"],
}  # fmt: skip


def listed(mlnotes: Invoke, *words: str) -> list[str]:
    return [run["id"] for run in document(mlnotes("runs", *words, "--json"))["runs"]]


def test_a_run_is_a_line() -> None:
    others = {"smoke": True, "changed": {"depth": [4, 50]}, "tags": ["paper"], "seconds": None, "status": "killed"}
    wide = Screen(width=100, ascii_only=False, bold=False)
    assert list(run_lines([RUN, {**RUN, **others}], wide, NOW)) == [
        "20260109-000000-toys.count-0a1b  2✓ 1~   7.2 s  2 min ago",
        "20260109-000000-toys.count-0a1b  killed         2 min ago  --smoke depth=[4,50] #paper",
    ]
    narrow = Screen(width=60, ascii_only=True, bold=False)
    assert list(run_lines([{**RUN, **others, "seconds": 7.2}], narrow, NOW)) == [
        "20260109-000000-toys.count-0a1b  killed  7.2 s  2 min ago",
        "    --smoke depth=[4,50] #paper",
    ]


@pytest.mark.parametrize(
    ("started", "words"),
    [
        ("2026-01-09T23:59:30+00:00", "just now"),
        ("2026-01-09T20:00:00+00:00", "4 h ago"),
        ("2026-01-03T00:00:00+00:00", "7 d ago"),
        ("2025-11-01T00:00:00+00:00", "2 mo ago"),
        ("2024-01-01T00:00:00+00:00", "2 y ago"),
    ],
)
def test_age_is_said_in_one_unit(started: str, words: str) -> None:
    assert age(started, NOW) == words


def test_runs_are_newest_first_with_what_the_user_set(mlnotes: Invoke, squares: Path) -> None:
    mlnotes("run", "toys.squares", "parts=laws", "share=0.7")
    mlnotes("run", "toys.count", "--smoke")
    newest, oldest = mlnotes("runs").stdout.splitlines()
    assert newest.split()[0] == records(squares)[0].id
    assert newest.endswith("--smoke")
    assert oldest.endswith("parts=[laws] share=0.7")
    assert "1✓" in oldest
    (run,) = document(mlnotes("runs", "toys.squares", "--json"))["runs"]
    assert (run["seeds"], run["verdicts"]) == (3, ["holds", "not judged"])
    assert run["changed"] == {"parts": ["laws"], "share": 0.7}


def test_a_run_that_repeats_one_and_a_job_of_a_sweep_show_their_own_values(mlnotes: Invoke, toys: Path) -> None:
    mlnotes("run", "toys.count", "rate=2")
    mlnotes("rerun", "last")
    assert all(line.endswith("rate=2") for line in mlnotes("runs").stdout.splitlines())
    mlnotes("run", "toys.count", "-m", "steps=1,2")
    assert [line.split()[-1] for line in mlnotes("runs", "--limit", "2").stdout.splitlines()[:2]] == [
        "steps=2",
        "steps=1",
    ]


def test_runs_are_narrowed_and_sorted(mlnotes: Invoke, squares: Path) -> None:
    for words in (("toys.count", "steps=3"), ("toys.count", "steps=1"), ("toys.squares",)):
        mlnotes("run", *words)
    squared, one, three = (record.id for record in records(squares))
    assert listed(mlnotes, "toys.count") == [one, three]
    assert listed(mlnotes, "toys") == [squared, one, three]
    assert listed(mlnotes, "--limit", "1") == [squared]
    assert mlnotes("runs", "--limit", "1").stdout.splitlines()[-1] == "... 2 more: --limit 0"
    assert listed(mlnotes, "--limit", "0") == [squared, one, three]
    assert listed(mlnotes, "--sort", "steps") == [one, three, squared]
    assert listed(mlnotes, "--sort", "study") == [one, three, squared]
    assert mlnotes("runs", "ann").stdout == f"no runs like that in {squares}\n"
    wrong = mlnotes("runs", "--limit", "few")
    assert (wrong.exit_code, wrong.stderr) == (2, "--limit: expected a whole number, got few\n")


def test_runs_are_found_by_their_tags(mlnotes: Invoke, toys: Path) -> None:
    mlnotes("run", "toys.count")
    mlnotes("run", "toys.count")
    first = records(toys)[1].id
    assert mlnotes("runs", "tag", first, "paper", "good").stdout == f"{first}: paper, good\n"
    assert listed(mlnotes, "--tag", "paper") == [first]
    assert mlnotes("runs", "--tag", "paper").stdout.rstrip().endswith("#paper #good")
    removed = document(mlnotes("runs", "tag", first, "paper", "--remove", "--json"))
    assert removed == {"run": first, "tags": ["good"]}
    assert listed(mlnotes, "--tag", "paper") == []


def test_runs_are_deleted_once_all_are_known(mlnotes: Invoke, toys: Path) -> None:
    for _ in range(3):
        mlnotes("run", "toys.count")
    ids = [record.id for record in records(toys)]
    assert mlnotes("runs", "delete", ids[0], "20000101", "--yes").exit_code == 2
    unsure = mlnotes("runs", "delete", ids[0])
    assert (unsure.exit_code, unsure.stderr) == (2, "1 to delete: add --yes, since nobody can be asked here\n")
    assert len(records(toys)) == 3
    assert mlnotes("runs", "delete", ids[0], ids[1], ids[1], "-y").exit_code == 0
    assert [record.id for record in records(toys)] == ids[2:]


def test_a_sweep_is_deleted_with_its_jobs_and_a_running_run_is_not(mlnotes: Invoke, toys: Path) -> None:
    mlnotes("run", "toys.count", "-m", "steps=1,2")
    (sweep,) = toys.iterdir()
    job = Record(sweep / "000")
    meta = (sweep / "000" / "record.json").read_text()
    (sweep / "000" / "record.json").write_text(meta.replace('"status": "done"', '"status": "running"'))
    assert f"{job.id} is still running" in mlnotes("runs", "delete", job.id, "-y").stderr
    (sweep / "000" / "record.json").write_text(meta)
    assert mlnotes("runs", "delete", sweep.name, "--yes").stdout == f"deleted {sweep}\n"
    assert list(toys.iterdir()) == []


def test_no_runs_are_said_where_there_are_none(mlnotes: Invoke, toys: Path) -> None:
    assert mlnotes("runs").stdout == f"no runs in {toys}\n"
    assert mlnotes("runs", "list").stdout == f"no runs in {toys}\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("record.json", "{}"),
        ("record.json", "\x1b[2J"),
        ("findings.json", "[{}]"),
        ("findings.json", '{"a":'),
        ("tags.json", "5"),
    ],
)
def test_a_damaged_run_is_one_line_and_the_others_are_listed(
    mlnotes: Invoke, squares: Path, name: str, content: str
) -> None:
    sound, broken = (document(mlnotes("run", "toys.squares", "--json"))["record"] for _ in range(2))
    (Path(broken) / name).write_text(content)
    listed = mlnotes("runs")
    assert (listed.exit_code, Path(sound).name in listed.stdout) == (0, True)
    lines = [line for line in listed.stderr.splitlines() if name in line]
    assert len(lines) == (name != "tags.json")
    assert listed.stderr.isascii()
    assert "\x1b" not in listed.stderr
    assert mlnotes("judge", sound).exit_code == 0
    assert document(mlnotes("runs", "--json"))["damaged"] == [line for line in lines if name != "tags.json"]
