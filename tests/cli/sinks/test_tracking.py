"""Trackers hear a run in batches, and one that fails costs neither the run nor its record."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import Result

from cli.running.plans import plan
from cli.sinks.scalars import Scalar
from cli.sinks.tracking import Tracking
from experiments.lab.plan import Plan
from experiments.lab.recording import Recording
from experiments.lab.runner import execute
from experiments.lab.sinks import Outcome

Invoke = Callable[..., Result]


class Fake:
    """Notes what it hears; fails from a number of calls on."""

    def __init__(self, fails: bool = False) -> None:
        self.heard: list[str] = []
        self.fails = fails

    def begin(self, plan: Plan, record: Path) -> None:
        self.heard.append(f"begin {plan.study} {record.is_dir()}")

    def scalars(self, points: Sequence[Scalar]) -> None:
        if self.fails:
            raise ConnectionError("the server is gone")
        self.heard += [f"{point.chart} {point.step} {point.y}" for point in points if point.chart == "steps/value"]

    def figure(self, name: str, picture: object) -> None:
        self.heard.append(f"figure {name}")

    def end(self, outcome: Outcome) -> None:
        self.heard.append(f"end {outcome.status} {len(outcome.findings)}")


def tracked(tracker: Fake) -> Recording:
    recording = Recording()
    execute(plan("toys.count"), (recording, Tracking("fake", tracker, recording)))
    return recording


def test_a_tracker_hears_points_figures_and_the_end(toys: Path) -> None:
    tracker = Fake()
    tracked(tracker)
    assert tracker.heard == [
        "begin toys.count True",
        "steps/value 0 0.0",
        "steps/value 1 0.5",
        "steps/value 2 1.0",
        "figure count",
        "end done 1",
    ]


def test_a_tracker_that_fails_is_left_out(toys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tracker = Fake(fails=True)
    recording = tracked(tracker)
    assert recording.record is not None
    assert (recording.record.status, len(recording.record.rows())) == ("done", 3)
    assert tracker.heard == ["begin toys.count True"]
    assert capsys.readouterr().err == (
        "fake is left out from here on: ConnectionError: the server is gone; the record is complete without it\n"
    )


@pytest.mark.parametrize(("name", "module"), [("tensorboard", "torch.utils.tensorboard"), ("mlflow", "mlflow")])
def test_a_missing_package_names_the_extra(
    name: str, module: str, mlnotes: Invoke, monkeypatch: pytest.MonkeyPatch, toys: Path
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    done = mlnotes("run", "toys.count", f"sink={name}")
    assert done.exit_code == 2
    assert f"sink={name} needs a package: pip install 'mlnotes[{name}]'" in done.stderr
    assert not toys.exists()


def test_an_unknown_sink_is_refused(mlnotes: Invoke) -> None:
    done = mlnotes("run", "toys.count", "sink=wandb")
    assert done.exit_code == 2
    assert "sink[0]: expected a list of: one of tensorboard, mlflow, visdom" in done.stderr
