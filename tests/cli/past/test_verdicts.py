"""``report --verdicts``: the book of verdicts, from the newest records."""

from __future__ import annotations

from pathlib import Path

from tests.cli.invoking import Invoke


def test_every_claim_has_its_verdict_with_conditions_prediction_and_source(
    mlnotes: Invoke, squares: Path, tmp_path: Path
) -> None:
    assert mlnotes("run", "toys.squares").exit_code == 0
    assert mlnotes("report", "--verdicts", str(tmp_path / "verdicts.md")).exit_code == 0
    text = (tmp_path / "verdicts.md").read_text()
    assert "## toys.squares" in text
    assert "Not run: toys.count." in text
    line = next(line for line in text.splitlines() if "Networks learn." in line)
    assert line.startswith("| holds |")
    assert "*wide*: holds, " in line
    assert line.endswith("| exploratory |")
    assert "- statistical: 1 of 1 as predicted" in text


def test_without_a_run_there_is_nothing_to_write(mlnotes: Invoke, tmp_path: Path) -> None:
    result = mlnotes("report", "--verdicts", str(tmp_path / "verdicts.md"))
    assert (result.exit_code, (tmp_path / "verdicts.md").exists()) == (2, False)
