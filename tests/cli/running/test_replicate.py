"""``replicate``: fresh seeds beside former verdicts."""

from __future__ import annotations

from pathlib import Path

from tests.cli.invoking import Invoke, document


def test_a_study_is_repeated_on_seeds_that_it_has_not_seen(mlnotes: Invoke, squares: Path) -> None:
    assert mlnotes("run", "toys.squares").exit_code == 0
    first = document(mlnotes("replicate", "toys.squares", "--json"))["studies"][0]
    assert {one["claim"]: (one["before"], one["after"], one["change"]) for one in first["claims"]}[
        "networks_learn"
    ] == ("holds", "holds", "same")
    again = mlnotes("replicate", "toys.squares")
    assert again.exit_code == 0
    assert again.stdout.splitlines()[0].startswith("toys.squares, seeds 10")
    assert again.stdout.splitlines()[0] != "toys.squares, seeds 1000 to 1002"
    assert "0 flips between decided verdicts" in again.stdout


def test_what_was_never_run_cannot_be_repeated(mlnotes: Invoke) -> None:
    result = mlnotes("replicate", "toys.count")
    assert result.exit_code == 2
    assert "nothing to replicate" in result.stderr
