"""A small study, ``toys.count``, put where the catalog finds it; and the app run in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import experiments
from cli.commands.main import app
from experiments.lab import catalog

MODULE = '''"""Does counting end?

Notes: counting.
Source: Peano: Arithmetices principia, 1889.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field

from experiments.lab.errors import InputError
from experiments.lab.experiment import (
    Curve,
    Event,
    Experiment,
    Findings,
    Headline,
    Note,
    Part,
    Progress,
    Row,
    Rows,
    Setup,
    Table,
    observation,
    parameters,
)
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem


@parameters
class Params:
    steps: Annotated[int, Field(ge=1, le=100)] = 2
    """Rows to yield."""
    rate: float = 0.5
    """Growth per step."""
    sizes: tuple[int, ...] = (1, 2)
    """A list."""
    fault: Literal["none", "crash", "data", "interrupt", "wrong", "random"] = "none"
    """What goes wrong after the first row, or before it for data."""


@observation
class StepRow(Row):
    step: int
    value: float
    step_seconds: float


def prepare(params: Params, seed: int) -> Setup[Params]:
    if params.fault == "data":
        raise InputError("toy.bin: expected 4 bytes, got 3; fetch it again")
    return Setup(params=params, seed=seed, notes=("counting",))


def run(setup: Setup[Params]) -> Iterator[Event]:
    params = setup.params
    for step in range(params.steps):
        if step == 1 and params.fault == "crash":
            raise ValueError("the sky fell")
        if step == 1 and params.fault == "interrupt":
            raise KeyboardInterrupt
        yield Progress("count", step, params.steps)
        shift = time.perf_counter() if params.fault == "random" else 0.0
        value = -1.0 if params.fault == "wrong" else setup.seed + params.rate * step + shift
        yield StepRow(step=step, value=value, step_seconds=time.perf_counter())


def negative_values(rows: Sequence[StepRow]) -> Instances:
    return Instances([float(row.value < 0) for row in rows], [1.0])


PART = Part(
    name="steps",
    row=StepRow,
    run=run,
    claims=(
        Claim(
            "values_are_not_negative",
            statement="Values are not negative.",
            rule=Theorem("no value is below 0", control="a negative value"),
            measure=negative_values,
            topic="counting",
            predicted="holds",
            source="Peano 1889",
        ),
    ),
    tables=(Table(title="Count", by=("step",), columns=("value", "step_seconds")),),
    curves=(Curve(name="count", x="step", y="value"),),
)


def answer(findings: Findings, rows: Rows) -> str:
    return f"Counting ends at {max(row.step for row in rows.of(PART))}."


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(PART,),
    answer=answer,
    headline=Headline(part=PART, table=Table(title="The last value", by=("step",), columns=("value",))),
)
'''
TWO_PARTS = '''"""Are squares rare?

Source: Fermat.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.lab.experiment import (
    Experiment,
    Findings,
    Headline,
    Part,
    Row,
    Rows,
    Setup,
    Table,
    observation,
    parameters,
    plain_setup,
)
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Observed, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Fact


@parameters
class Params:
    share: float = 0.5
    """Share of squares."""


@observation
class LawRow(Row):
    law: str
    holds: int


@observation
class TrainingRow(Row):
    network: str
    accuracy: float


def run_laws(setup: Setup[Params]) -> Iterator[LawRow]:
    yield LawRow(law="parity", holds=1)


def run_training(setup: Setup[Params]) -> Iterator[TrainingRow]:
    for network, shift in (("wide", 0.6), ("deep", setup.params.share)):
        yield TrainingRow(network=network, accuracy=shift + 0.002 * setup.seed**2)


def laws_hold(rows: Sequence[LawRow]) -> Observed:
    return Observed(min(row.holds for row in rows))


def above_a_quarter(rows: Sequence[TrainingRow]) -> Mapping[str, Pairs]:
    networks = dict.fromkeys(row.network for row in rows)
    return {network: Pairs.against(by_seed(rows, "accuracy", network=network), 0.25) for network in networks}


LAWS = Part(
    name="laws",
    row=LawRow,
    run=run_laws,
    claims=(
        Claim(
            "laws_hold",
            statement="Laws hold.",
            rule=Fact("the smallest sign", expected=1),
            measure=laws_hold,
            topic="laws",
            predicted="holds",
            source="Fermat",
        ),
    ),
    tables=(Table(title="Laws", by=("law",), columns=("holds",)),),
)
TRAINING = Part(
    name="training",
    row=TrainingRow,
    run=run_training,
    claims=(
        Claim(
            "networks_learn",
            statement="Networks learn.",
            rule=Each(Effect("accuracy - chance", delta=0.01), per="network"),
            measure=above_a_quarter,
            topic="networks",
            predicted={"wide": "holds", "deep": "holds"},
            source="pilot",
        ),
    ),
    tables=(Table(title="Training", by=("network",), columns=("accuracy",)),),
)


def answer(findings: Findings, rows: Rows) -> str:
    return f"The law and {len(rows.of(TRAINING))} networks: {findings['networks_learn'].verdict}."


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=plain_setup,
    parts=(LAWS, TRAINING),
    answer=answer,
    headline=Headline(part=TRAINING, table=Table(title="Accuracy", by=("network",), columns=("accuracy",))),
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
def squares(toys: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The study ``toys.squares`` of two parts beside them, at three seeds."""
    (toys.parent / "experiments" / "toys" / "squares.py").write_text(TWO_PARTS)
    config = "# @package _global_\n# Two networks.\nexperiment: toys.squares\nseeds: 3\n"
    (toys.parent / "conf" / "toys" / "squares.yaml").write_text(config)
    monkeypatch.delitem(sys.modules, "experiments.toys.squares", raising=False)
    return toys


@pytest.fixture
def mlnotes(toys: Path) -> Invoke:
    """``mlnotes(*words)`` in this process, with the toy studies alone."""
    return lambda *words: CliRunner().invoke(app, list(words), prog_name="mlnotes")
