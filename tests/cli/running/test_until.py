"""``run until=decided``: seeds until the claims are decided, shown, judged and run again like any other run."""

from __future__ import annotations

from pathlib import Path

from tests.cli.invoking import Invoke, document


def test_the_looks_are_said_recorded_and_judged_again(mlnotes: Invoke, squares: Path) -> None:
    result = mlnotes("run", "toys.squares", "until=decided", "--json")
    assert "look 1 of 5, 3 seeds: 1 newly decided; ends: nothing is undecided" in result.stderr
    found = document(result)
    assert [(look["seeds"], look["level"]) for look in found["looks"]] == [(3, 0.025)]
    again = document(mlnotes("judge", "last", "--json"))
    assert [one["verdict"] for one in again["findings"]] == [one["verdict"] for one in found["findings"]]
    assert [one["p_value"] for one in again["findings"]] == [one["p_value"] for one in found["findings"]]
    shown = mlnotes("show", "last")
    assert (shown.exit_code, "3 seeds" in shown.stdout) == (0, True)


def test_a_budget_that_is_no_time_is_refused(mlnotes: Invoke, toys: Path) -> None:
    result = mlnotes("run", "toys.count", "until=decided", "budget=soon")
    assert result.exit_code == 2
    assert "budget: expected seconds, or a time such as 90s, 10m or 2h, got 'soon'" in result.stderr


def test_a_look_that_confirms_may_add_seeds_at_its_share_of_the_level(mlnotes: Invoke, squares: Path) -> None:
    assert mlnotes("seal", "toys.squares").exit_code == 0
    found = document(mlnotes("run", "toys.squares", "--confirm", "until=decided", "--json"))
    assert found["looks"][0]["level"] == 0.05 / 3 / 2
    assert {one["standing"]["kind"] for one in found["findings"]} == {"confirmatory"}
    second = document(mlnotes("run", "toys.squares", "--confirm", "--json"))
    assert second["seeds"][0] == 1000 + 16 * len(found["seeds"])
