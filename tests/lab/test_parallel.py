"""Seeds in processes of their own. A process finds real experiments only, so these are real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.running.plans import plan
from experiments.lab.errors import InputError
from experiments.lab.parallel import observe
from experiments.lab.record import encode
from experiments.lab.recording import Recording
from experiments.lab.runner import execute
from tests.lab import toy


def rows_by_seed(*overrides: str) -> dict[int, list[Any]]:
    outcome = execute(plan("ann.voronoi", ("seeds=3", *overrides), smoke=True))
    assert outcome is not None
    return {seed: [encode(row) for row in outcome.rows if row.seed == seed] for seed in range(3)}  # NaN equals itself


def test_workers_share_the_seeds_and_change_no_row() -> None:
    assert rows_by_seed("workers=2") == rows_by_seed()


def test_bad_data_in_a_worker_is_told_as_in_the_run_itself(tmp_path: Path) -> None:
    overrides = ("seeds=2", "workers=2", "points=csv", f"csv={tmp_path / 'none.csv'}")
    with pytest.raises(InputError, match=r"none\.csv"):
        execute(plan("ann.voronoi", overrides, smoke=True), (Recording(home=tmp_path / "runs"),))
    assert not (tmp_path / "runs").exists()


def test_a_seed_is_observed_part_by_part_and_parts_that_are_not_wanted_are_left_out() -> None:
    experiment = toy.experiment()
    told = [part for part, _ in observe(experiment, toy.Params(steps=1), ("squares", "count"), 3)]
    assert told == ["count", "count", "count", "count", "squares"]
    assert [part for part, _ in observe(experiment, toy.Params(), ("squares",), 3)] == ["squares"]
