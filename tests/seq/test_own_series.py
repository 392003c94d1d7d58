"""A user's csv goes through seq.ewma: its rows, its path, and one line per fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.lab.errors import InputError
from experiments.lab.params import validate
from experiments.seq.ewma import Params, Row, run


def csv(folder: Path, values: list[str]) -> str:
    path = folder / "shop.csv"
    path.write_text("t,y\n" + "".join(f"{t},{y}\n" for t, y in enumerate(values)))
    return str(path)


def test_the_last_points_of_a_users_series_are_forecast(tmp_path: Path) -> None:
    data = csv(tmp_path, [f"{10 + i % 4}" for i in range(30)])
    rows = [row for row in run(Params(data=data, processes=("iid",), series=2), 0) if isinstance(row, Row)]
    own = {row.method: row for row in rows if row.part == "forecast" and row.process == "shop"}
    assert own["last season"].mean_squared_error == 0
    assert own["last value"].mean_squared_error > 1
    path = [row for row in rows if row.part == "path"]
    assert [row.t for row in path if row.method == "ewma"] == list(range(20, 30))
    assert len([row for row in path if row.method == "observed"]) == 30


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        (["1"] * 4, r"4 points, expected at least 18"),
        (["1"] * 20 + ["many"], r"line 22: y is 'many', expected a number"),
        (["1"] * 20 + [""], r"line 22: y is missing"),
    ],
)
def test_a_bad_series_is_refused_before_anything_runs(tmp_path: Path, values: list[str], fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        next(run(Params(data=csv(tmp_path, values)), 0))


def test_a_gap_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    gap = tmp_path / "gap.csv"
    gap.write_text("t,y\n" + "".join(f"{t},1\n" for t in [*range(15), *range(20, 35)]))
    with pytest.raises(InputError, match="gap: t goes on by 6, expected 1"):
        next(run(Params(data=str(gap)), 0))
    with pytest.raises(InputError, match="cannot be read"):
        next(run(Params(data=str(tmp_path / "none.csv")), 0))


def test_lengths_that_do_not_fit_each_other_are_refused() -> None:
    with pytest.raises(InputError, match="history: expected at most n - horizon = 39, got 40"):
        validate(Params, {"history": 40})
    with pytest.raises(InputError, match="history: expected at least two periods"):
        validate(Params, {"period": 20})
    with pytest.raises(InputError, match="beta"):
        validate(Params, {"beta": 1.0})


def test_a_given_beta_is_used_for_every_series() -> None:
    rows = [row for row in run(Params(beta=0.75, processes=("trend",), series=3), 0) if isinstance(row, Row)]
    assert {row.beta for row in rows if row.part == "forecast" and row.method == "ewma"} == {0.75}
