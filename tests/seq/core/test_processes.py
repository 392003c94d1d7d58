"""Simulated series have their shape and their moments."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from experiments.seq.core.forecasts import lag_error
from experiments.seq.core.processes import Process, simulate


@pytest.mark.parametrize("process", get_args(Process))
def test_every_process_has_its_shape_and_is_fixed_by_its_generator(process: str) -> None:
    first, again = (simulate(process, 2, 9, np.random.default_rng(5), q=0.1, period=4) for _ in range(2))  # type: ignore[arg-type]
    assert first.shape == (2, 9)
    np.testing.assert_array_equal(first, again)


def test_processes_have_their_moments() -> None:
    x = {name: simulate(name, 2000, 40, np.random.default_rng(6), q=0.1, period=4) for name in get_args(Process)}
    steps = {name: np.diff(series, axis=1).var() for name, series in x.items()}
    assert steps["iid"] == pytest.approx(2.0, rel=0.03)
    assert steps["random_walk"] == pytest.approx(1.0, rel=0.03)
    assert steps["local_level"] == pytest.approx(2.1, rel=0.03)
    assert np.diff(x["trend"]).mean() == pytest.approx(0.5, abs=0.01)
    assert x["ar_negative"].var() == pytest.approx(1 / (1 - 0.36), rel=0.03)
    assert np.corrcoef(x["ar_negative"][:, 10], x["ar_negative"][:, 11])[0, 1] == pytest.approx(-0.6, abs=0.05)
    assert lag_error(x["seasonal"], 4, 4) == pytest.approx(2.0, rel=0.03)
