from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.plans import plan
from experiments.lab.errors import InputError
from experiments.lab.runner import Finished, execute

STUDY = "ann.voronoi"


def rows_by_seed(home: Path, *overrides: str) -> dict[int, list[Any]]:
    *_, finished = execute(plan(STUDY, ("seeds=3", *overrides), smoke=True), home=home)
    assert isinstance(finished, Finished)
    return {seed: [row for row in finished.rows if row.seed == seed] for seed in range(3)}


def test_workers_share_the_seeds_and_change_no_row(tmp_path: Path) -> None:
    assert rows_by_seed(tmp_path, "workers=2") == rows_by_seed(tmp_path)


def test_bad_data_in_a_worker_is_told_as_in_the_run_itself(tmp_path: Path) -> None:
    overrides = ("seeds=2", "workers=2", "points=csv", f"csv={tmp_path / 'none.csv'}")
    with pytest.raises(InputError, match=r"none\.csv"):
        list(execute(plan(STUDY, overrides, smoke=True), home=tmp_path / "runs"))
    assert not (tmp_path / "runs").exists()
