"""Runs side by side."""

from __future__ import annotations

from cli.display.comparisons import comparison_table, differing, settings_comparison
from tests.cli.display.test_tables import ROWS, VIEW, rendered


def test_what_differs_may_be_verdicts() -> None:
    grid = settings_comparison(("a", "b"), ({"c": "holds"}, {"c": "refuted", "d": "holds"}), "Verdict")
    assert grid is not None
    assert [line.split() for line in rendered(grid).splitlines()[3:5]] == [
        ["c", "holds", "refuted"],
        ["d", "–", "holds"],
    ]
    assert differing(({"c": 1, "d": 2}, {"d": 2, "e": 3})) == ["c", "e"]
    assert differing(({"c": 1}, {"c": 1}, {"c": 2})) == ["c"]


def test_comparison_shows_settings_that_differ_and_of_two_runs_the_difference_of_means() -> None:
    grid = settings_comparison(("a", "b"), ({"n": 5, "k": 1}, {"n": 6, "k": 1}))
    assert grid is not None
    assert "k" not in [cell.text for cell in grid.keys[0].cells]
    assert settings_comparison(("a", "b"), ({"n": 5}, {"n": 5})) is None
    compared = comparison_table(VIEW, ("a", "b"), (ROWS[:1], ROWS[1:2]))
    assert compared is not None
    assert [column.cells[0].text for column in compared.columns[:3]] == ["0.9000", "0.9200", "+0.0200"]


def test_three_runs_have_a_column_each_and_no_difference() -> None:
    compared = comparison_table(VIEW, ("a", "b", "c"), (ROWS[:1], ROWS[1:2], ()))
    assert compared is not None
    assert [column.header for column in compared.columns[:3]] == ["Recall at 10 run 1", "run 2", "run 3"]
    assert [column.cells[0].text for column in compared.columns[:3]] == ["0.9000", "0.9200", "–"]
    assert compared.caption == "means over seeds; run 1: a, run 2: b, run 3: c"
