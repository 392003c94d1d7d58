"""Measures and words of seq.forecast, and a series of the user's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cli.running.plans import plan
from experiments.lab.errors import InputError
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.runner import execute
from experiments.seq.forecast import networks, own
from experiments.seq.forecast.networks import NetworkRow
from experiments.seq.forecast.own import OwnRow
from experiments.seq.forecast.setup import WALK, Params, prepare


def test_the_conditional_mean_has_error_1_and_a_leaked_future_has_none() -> None:
    for name, case in prepare(Params(), 3).cases().items():
        best = np.append(case.known.best[case.params.width + 1 :], np.nan)
        assert case.error(best) == pytest.approx(1, abs=1e-12), name
        assert case.error(best + 0.5) > 1
        assert case.leaked() == pytest.approx(0, abs=1e-12)
        assert case.linear() >= 1
    assert prepare(Params(), 3).cases()[WALK].last_value() == pytest.approx(1, abs=1e-12)


def row(case: str, lr: float, *, validation: float, error: float, seed: int = 0) -> NetworkRow:
    plain = {"linear": 1.1, "last_value": 1.0, "leaked": 0.0}
    return NetworkRow(seed=seed, case=case, network="lstm", lr=lr, validation_error=validation, error=error, **plain)


def test_validation_chooses_the_rate_and_an_edge_leaves_a_loss_undecided() -> None:
    rows = [row(WALK, lr, validation=v, error=e) for lr, v, e in ((0.01, 3, 2), (0.1, 2, 4), (0.3, 5, 1.5))]
    assert networks.worse_on_levels(rows) == {"LSTM": Pairs({0: 4.0}, {0: 1.0})}
    assert isinstance(networks.worse_on_levels(rows[:2])["LSTM"], Undecided)


def test_an_error_below_the_best_is_found_and_the_leak_is_the_control() -> None:
    tried = networks.never_below_the_best([row("ar2", 0.1, validation=1, error=0.9)])
    assert max(tried.errors) == pytest.approx(0.1)
    assert tried.controls == {"a leaked future, ar2": [1.0]}


def own_row(name: str, validated: float, held_out: float) -> OwnRow:
    errors = {"validation_error": validated, "held_out_error": held_out, "of_the_last_value": held_out / 2}
    return OwnRow(series="shop", forecaster=name, reads="levels", next_value=7.0, **errors)


def test_what_looked_best_is_recommended_only_if_it_beats_repeated_values_later() -> None:
    plain = [own_row(own.LAST, 2, 2), own_row(own.SEASON, 3, 3)]
    assert "take the LSTM of its levels; it says 7 comes next" in own.in_words([*plain, own_row("LSTM", 1, 1)])
    assert "a repeated value is better" in own.in_words([*plain, own_row("LSTM", 1, 2.5)])


def test_a_csv_of_the_user_is_forecast_once_and_a_short_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    season = [f"{t},{10 + 3 * np.sin(2 * np.pi * t / 7) + 0.01 * (t % 5)}" for t in range(120)]
    file.write_text("\n".join(["t,y", *season]))
    outcome = execute(plan("seq.forecast", (f"series={file}", "period=7", "networks=[gru]"), smoke=True), ())
    assert outcome is not None
    rows = outcome.rows.of(own.PART)
    assert [one.forecaster for one in rows] == [own.LAST, own.SEASON, "linear autoregression", "GRU"]
    assert rows[2].held_out_error < rows[1].held_out_error < rows[0].held_out_error
    assert not outcome.findings
    file.write_text("\n".join(["t,y", *season[:20]]))
    with pytest.raises(InputError, match="20 points, expected at least 60"):
        prepare(Params(series=file), 0)
