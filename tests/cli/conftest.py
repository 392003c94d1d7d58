"""A small study, ``toys.count``, put where the catalog finds it; and the app run in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import experiments
from cli.commands import app
from experiments.lab import catalog

MODULE = '''"""Does counting end?

Notes: counting (000:1).
Source: Peano: Arithmetices principia, 1889.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.judge.claims import Claim, Comparison, theorem
from experiments.lab.errors import InputError
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Progress, Table
from experiments.lab.experiment import Row as LabRow


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    steps: Annotated[int, Field(ge=1, le=100)] = 2
    """Rows to yield."""
    rate: float = 0.5
    """Growth per step."""
    sizes: tuple[int, ...] = (1, 2)
    """A list."""
    fault: Literal["none", "crash", "data", "interrupt", "wrong", "random"] = "none"
    """What goes wrong after the first row, or before it for data."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    step: int
    value: float
    step_seconds: float


def run(params: Params, seed: int) -> Iterator[Event]:
    if params.fault == "data":
        raise InputError("toy.bin: expected 4 bytes, got 3; fetch it again")
    yield Note("counting")
    for step in range(params.steps):
        if step == 1 and params.fault == "crash":
            raise ValueError("the sky fell")
        if step == 1 and params.fault == "interrupt":
            raise KeyboardInterrupt
        yield Progress("count", step, params.steps)
        shift = time.perf_counter() if params.fault == "random" else 0.0
        value = -1.0 if params.fault == "wrong" else seed + params.rate * step + shift
        yield Row(step=step, value=value, step_seconds=time.perf_counter())


def values_are_not_negative(rows: Sequence[Row]) -> Comparison:
    return theorem([float(row.value < 0) for row in rows], control=[1.0])


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="Values are not negative.",
            notes="counting (000:1)",
            kind="theorem",
            rule="holds iff no value is below 0",
            predicted="holds",
            judge=values_are_not_negative,
        ),
    ),
    tables=(Table(title="Count", by=("step",), columns=("value", "step_seconds")),),
    curves=(Curve(name="count", x="step", y="value"),),
)
'''
STUDY = "# @package _global_\n# Three steps.\nexperiment: toys.count\nsteps: 3\n"
LARGE = "# @package _global_\n# Nine steps.\nexperiment: toys.count\nsteps: 9\nseeds: 2\n"

Invoke = Callable[..., Result]


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The studies ``toys.count`` and ``toys.count_large``; returns the home of their records."""
    package, conf = tmp_path / "experiments" / "toys", tmp_path / "conf" / "toys"
    package.mkdir(parents=True)
    conf.mkdir(parents=True)
    (package / "count.py").write_text(MODULE)
    (conf / "count.yaml").write_text(STUDY)
    (conf / "count_large.yaml").write_text(LARGE)
    monkeypatch.setattr(experiments, "__path__", [*experiments.__path__, str(package.parent)])
    monkeypatch.setattr(catalog, "EXPERIMENTS", package.parent)
    monkeypatch.setattr(catalog, "CONF", conf.parent)
    for name in ("experiments.toys", "experiments.toys.count"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    home = tmp_path / "runs"
    monkeypatch.setenv("MLNOTES_RUNS", str(home))
    return home


@pytest.fixture
def mlnotes(toys: Path) -> Invoke:
    """``mlnotes(*words)`` in this process, with the toy studies alone."""
    return lambda *words: CliRunner().invoke(app, list(words), prog_name="mlnotes")
