"""Exported rows are the runs', typed, one file per part."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import Result

from experiments.lab.record import records
from tests.cli.invoking import document

Invoke = Callable[..., Result]


def test_several_runs_stand_below_each_other(mlnotes: Invoke, tmp_path: Path) -> None:
    for rate in ("0.5", "2"):
        assert mlnotes("run", "toys.count", f"rate={rate}", "-q").exit_code == 0
    newer, older = (record.id for record in records())
    assert mlnotes("export", older, newer, "-o", str(tmp_path)).stdout == f"{tmp_path / 'toys.count-steps.csv'}\n"
    frame = pd.read_csv(tmp_path / "toys.count-steps.csv")
    assert list(frame.columns) == ["run", "seed", "step", "value", "step_seconds"]
    assert frame["run"].tolist() == [older] * 3 + [newer] * 3
    assert frame["value"].tolist()[:3] == [0.0, 0.5, 1.0]
    assert frame["value"].tolist()[3:] == [0.0, 2.0, 4.0]


def test_parquet_has_the_declared_types(squares: Path, mlnotes: Invoke, tmp_path: Path) -> None:
    mlnotes("run", "toys.squares", "--smoke", "-q")
    names = [
        Path(name).name
        for name in document(mlnotes("export", "last", "--parquet", "-o", str(tmp_path), "--json"))["files"]
    ]
    assert names == ["toys.squares-laws.parquet", "toys.squares-training.parquet"]
    table = pq.read_table(tmp_path / "toys.squares-training.parquet")
    types = {field.name: str(field.type) for field in table.schema}
    assert types == {"run": "string", "seed": "int64", "network": "string", "accuracy": "double"}
    assert table.column("accuracy").to_pylist()[:2] == [0.6, 0.5]


def test_parquet_without_pyarrow_names_the_extra(
    mlnotes: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlnotes("run", "toys.count", "-q")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    done = mlnotes("export", "last", "--parquet", "-o", str(tmp_path))
    assert (done.exit_code, done.stderr) == (2, "--parquet needs pyarrow: pip install 'mlnotes[tables]'\n")


def test_a_run_that_is_not_there_is_refused(mlnotes: Invoke) -> None:
    assert mlnotes("export", "20200101").exit_code == 2
