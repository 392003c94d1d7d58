"""seq.ewma: its laws hold and their controls fail, and a user's csv is forecast, or refused with one line per fault."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from experiments.foundation.statements.trials import TrialRow
from experiments.lab.errors import InputError
from experiments.lab.experiment import Rows
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import compare
from experiments.lab.params import validate
from experiments.seq.ewma import answer, forecasts, laws, own
from experiments.seq.ewma.setup import Params, Shop, prepare


def csv(folder: Path, values: list[str]) -> str:
    path = folder / "shop.csv"
    path.write_text("t,y\n" + "".join(f"{t},{y}\n" for t, y in enumerate(values)))
    return str(path)


def shop_of(folder: Path) -> Shop:
    """A shop whose revenue repeats every four points."""
    data = csv(folder, [f"{10 + i % 4}" for i in range(30)])
    return prepare(Params(data=data, processes=("iid",), series=2), 0)


def test_the_last_points_of_a_users_series_are_forecast(tmp_path: Path) -> None:
    rows = {row.method: row for row in own.run(shop_of(tmp_path))}
    assert rows["last season"].process == "shop"
    assert rows["last season"].mean_squared_error == 0
    assert rows["last value"].mean_squared_error > 1


def test_a_users_series_is_shown_with_its_forecasts(tmp_path: Path) -> None:
    path = list(own.run_path(shop_of(tmp_path)))
    assert [row.t for row in path if row.method == "ewma"] == list(range(20, 30))
    assert len([row for row in path if row.method == "observed"]) == 30


def test_the_answer_names_the_best_method_for_a_users_series(tmp_path: Path) -> None:
    shop = shop_of(tmp_path)
    generated = [row for row in forecasts.run(shop) if isinstance(row, forecasts.ForecastRow)]
    assert "shop" not in answer({}, Rows({"forecasts": generated}))
    assert "Of shop its last season is the best forecast: squared error 0," in answer(
        {}, Rows({"forecasts": generated, "series": list(own.run(shop))})
    )


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
        prepare(Params(data=csv(tmp_path, values)), 0)


def test_a_gap_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    gap = tmp_path / "gap.csv"
    gap.write_text("t,y\n" + "".join(f"{t},1\n" for t in [*range(15), *range(20, 35)]))
    with pytest.raises(InputError, match="gap: t goes on by 6, expected 1"):
        prepare(Params(data=str(gap)), 0)
    with pytest.raises(InputError, match="cannot be read"):
        prepare(Params(data=str(tmp_path / "none.csv")), 0)


def test_lengths_that_do_not_fit_each_other_are_refused() -> None:
    with pytest.raises(InputError, match="history: expected at most n - horizon = 39, got 40"):
        validate(Params, {"history": 40})
    with pytest.raises(InputError, match="history: expected at least two periods"):
        validate(Params, {"period": 20})
    with pytest.raises(InputError, match="beta"):
        validate(Params, {"beta": 1.0})


def test_a_given_beta_is_used_for_every_series() -> None:
    shop = prepare(Params(beta=0.75, processes=("trend",), series=3), 0)
    assert [row.beta for row in forecasts.run_betas(shop)] == [0.75]


@pytest.mark.parametrize("claim", laws.PART.claims, ids=lambda claim: claim.name)
def test_the_laws_hold_and_their_controls_fail(claim: Claim[Sequence[TrialRow]]) -> None:
    rows = list(laws.run(prepare(Params(), 0)))
    assert compare(claim.rule, claim.measure(rows)).outcome == "holds"


def test_a_constant_series_is_the_same_for_every_seed_and_counts_once() -> None:
    rows = [row for seed in (0, 1) for row in laws.run(prepare(Params(), seed))]
    assert len(laws.starts(rows).errors) == 6


def test_the_weight_at_the_memory_is_read_from_the_weights() -> None:
    rows = list(laws.run_weights(prepare(Params(), 0)))
    assert laws.weight_at_the_memory(rows).value == (0.349, 0.364)
