from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.foundation.datasets.formats.series import load_series
from experiments.lab.errors import InputError

COMMA = "; numbers have a decimal point, not a comma."
NO_DATE = ": line 4: t is '2024-13', expected a date such as 2024-02-29, without a time zone."


def write(path: Path, times: list[str], values: list[str]) -> Path:
    path.write_text("t,y\n" + "".join(f"{t},{y}\n" for t, y in zip(times, values, strict=True)))
    return path


def test_series_of_numbers_reads_as_given(tmp_path: Path) -> None:
    path = write(tmp_path / "shop.csv", [str(i / 2) for i in range(9)], [str(i * i) for i in range(9)])
    series = load_series(path)
    assert series.y.tolist() == [i * i for i in range(9)]
    assert series.t.tolist() == [i / 2 for i in range(9)]
    assert series.description == "shop.csv: 9 points from 0.0 to 4.0"


@pytest.mark.parametrize("form", ["{:04d}-{:02d}", "{:04d}-{:02d}-01"])
def test_months_are_equally_spaced_although_they_differ_in_days(tmp_path: Path, form: str) -> None:
    months = [form.format(2023 + i // 12, i % 12 + 1) for i in range(15)]
    series = load_series(write(tmp_path / "x.csv", months, ["1"] * 15))
    assert np.diff(series.t).tolist() == [1.0] * 14


def test_days_that_jump_over_one_are_a_gap(tmp_path: Path) -> None:
    days = [f"2024-02-{day:02d}" for day in (1, 2, 3, 4, 6, 7, 8, 9)]
    path = write(tmp_path / "x.csv", days, ["1"] * 8)
    with pytest.raises(InputError) as raised:
        load_series(path)
    assert str(raised.value) == f"{path}: line 6: gap: t goes on by 2, expected 1."


def test_text_and_missing_values_are_told_line_by_line(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", list("012345678"), ["1", "two", "", "4", "5", "6", "nan", "8", "9"])
    with pytest.raises(InputError) as raised:
        load_series(path)
    assert raised.value.problems == (
        f"{path}: line 3: y is 'two', expected a number.",
        f"{path}: line 4: y is missing.",
        f"{path}: line 8: y is 'nan', expected a number.",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ": expected the columns t,y in the first line, found nothing."),
        ("a,b\n1,2\n", ": expected the columns t,y in the first line, found a,b."),
        ("t,y\n1,2\n2,3\n", ": 2 points, expected at least 3."),
        ("t,y\n1,2\n2,3\n2,4\n", ": line 4: t does not rise."),
        ("t,y\n0,0,5\n1,1,5\n2,2,5\n", ": line 2: 3 cells, expected 2 as in the first line" + COMMA),
        ("t,y\n1\n", ": line 2: 1 cells, expected 2 as in the first line."),
        ("t,y,y\n1,2,3\n", ": expected the columns t,y in the first line, found t,y,y."),
        ("t,y\n1,2\n2,3\n3,1_0\n", ": line 4: y is '1_0', expected a number."),
        ("t,y\n1,2\n2,3\n2024-13,2\n", NO_DATE),
        ("t,y\n1,2\n2024-01-01,3\n3,4\n", ": t holds dates and numbers; expected one of the two."),
    ],
)
def test_series_that_cannot_be_used_are_told(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        load_series(path, min_points=3)
    assert str(raised.value) == f"{path}{problem}"


@pytest.mark.parametrize("rule", ["MS", "ME", "QS", "QE", "D", "h", "7D"])
def test_every_calendar_that_pandas_makes_is_equally_spaced(tmp_path: Path, rule: str) -> None:
    stamps = pd.date_range("2023-11-30", periods=16, freq=rule)
    form = "%Y-%m-%d %H:%M:%S" if rule == "h" else "%Y-%m-%d"
    series = load_series(write(tmp_path / "x.csv", list(stamps.strftime(form)), ["1"] * 16))
    assert np.ptp(np.diff(series.t)) < 1e-9


def test_times_far_from_zero_are_no_gaps_for_their_rounding(tmp_path: Path) -> None:
    times = [f"{1_700_000_000 + i / 10:.1f}" for i in range(50)]
    assert len(load_series(write(tmp_path / "x.csv", times, ["1"] * 50)).t) == 50


def test_eight_digits_count_and_are_no_date(tmp_path: Path) -> None:
    series = load_series(write(tmp_path / "x.csv", [str(10001229 + i) for i in range(9)], ["1"] * 9))
    assert np.diff(series.t).tolist() == [1.0] * 8
