"""The real programs, where they are installed: what a run logs can be read back from each of them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from experiments.lab.record import Record

Invoke = Callable[..., Result]

pytestmark = pytest.mark.filterwarnings("default")  # of packages that are not ours


@pytest.fixture
def visdom_server(tmp_path: Path) -> Iterator[str]:
    """Its address; started without its downloads of scripts for the browser."""
    pytest.importorskip("visdom", reason="visdom is an extra that is not installed")
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    code = "from visdom.server.run_server import main; main()"
    command = [sys.executable, "-c", code, "-port", str(port), "-env_path", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 60
        while time.monotonic() < until and not _answers(port):
            time.sleep(0.1)
        yield f"http://localhost:{port}"
        process.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("localhost", port)) == 0


def test_tensorboard_reads_the_numbers_back(mlnotes: Invoke) -> None:
    pytest.importorskip("tensorboard", reason="tensorboard is an extra that is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert mlnotes("run", "toys.count", "sink=tensorboard", "-q").exit_code == 0
    events = EventAccumulator(str(Record.open("last").path / "tensorboard"))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("steps/value")] == [(0, 0.0), (1, 0.5), (2, 1.0)]
    assert events.Tags()["images"] == ["count"]
    texts = ["custom_scalars__config__", "findings/text_summary", "parameters/text_summary"]
    assert sorted(events.Tags()["tensors"]) == texts


def test_mlflow_has_metrics_parameters_and_verdicts(
    mlnotes: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow", reason="mlflow is an extra that is not installed")
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    assert mlnotes("run", "toys.count", "rate=0.25", "sink=mlflow", "-q").exit_code == 0
    client = mlflow.MlflowClient()
    (run,) = client.search_runs([client.get_experiment_by_name("toys.count").experiment_id])
    history = client.get_metric_history(run.info.run_id, "steps/value")
    assert [(metric.step, metric.value) for metric in history] == [(0, 0.0), (1, 0.25), (2, 0.5)]
    assert (run.info.status, run.data.params["rate"]) == ("FINISHED", "0.25")
    assert run.data.tags["values_are_not_negative"] == "holds"
    assert {file.path for file in client.list_artifacts(run.info.run_id)} == {"figures", "findings.html"}


def test_visdom_shows_the_curve(mlnotes: Invoke, visdom_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import visdom

    monkeypatch.setenv("MLNOTES_VISDOM", visdom_server)
    assert mlnotes("run", "toys.count", "sink=visdom", "-q").exit_code == 0
    viewer = visdom.Visdom(port=int(visdom_server.rpartition(":")[2]), use_incoming_socket=False)
    windows = json.loads(viewer.get_window_data(env=Record.open("last").id))
    (line,) = windows["steps/value"]["content"]["data"]
    assert (line["x"], line["y"]) == ([0, 1, 2], [0, 0.5, 1])
    assert set(windows) == {"parameters", "steps/value", "steps/step_seconds", "figure count", "findings"}


def test_without_a_server_the_address_is_named(mlnotes: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("visdom", reason="visdom is an extra that is not installed")
    monkeypatch.setenv("MLNOTES_VISDOM", "http://localhost:1")
    done = mlnotes("run", "toys.count", "sink=visdom")
    assert done.exit_code == 2
    assert "no visdom at http://localhost:1: start one by `visdom`, or set MLNOTES_VISDOM" in done.stderr
    assert not list(Path(os.environ["MLNOTES_RUNS"]).glob("*/record.json"))
