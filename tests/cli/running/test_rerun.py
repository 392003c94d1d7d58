"""``rerun``: whether a stored configuration gives the same rows."""

from __future__ import annotations

from pathlib import Path

from experiments.lab.record import records
from tests.cli.invoking import Invoke


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


def test_rerun_runs_the_same_parts_with_the_same_parameters(mlnotes: Invoke, squares: Path) -> None:
    mlnotes("run", "toys.squares", "parts=training", "share=0.7", "seeds=2")
    result = mlnotes("rerun", "last")
    assert result.exit_code == 0
    assert result.stdout.startswith("all 4 rows are identical apart from measured times and memory\n")
    second, first = records(squares)
    assert second.meta["command"] == ["mlnotes", "rerun", first.id]
    for key in ("params", "settings", "parts", "smoke", "seeds", "claims_hash", "answer"):
        assert first.meta[key] == second.meta[key]
