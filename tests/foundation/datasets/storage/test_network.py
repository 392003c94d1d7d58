from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from experiments.foundation.datasets.storage import network


def test_a_server_that_does_not_answer_is_left_after_the_patience(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "PATIENCE", 0.2)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        reason = network.why_unreachable(f"http://127.0.0.1:{silent.getsockname()[1]}/", data_folder)
        assert time.monotonic() - start < 2.0
    assert reason == "127.0.0.1 cannot be reached"


def test_an_answer_no_is_remembered_until_it_is_forgotten(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_answers", lambda _: True)
    network.remember_offline(data_folder)
    assert network.why_unreachable("http://x.org/a", data_folder) == "no network a short while ago"
    network.forget_offline(data_folder)
    assert network.why_unreachable("http://x.org/a", data_folder) is None


def test_a_folder_that_cannot_be_written_is_remembered_in_this_process(
    tmp_path: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "_answers", lambda _: True)
    (tmp_path / "file").touch()
    network.remember_offline(tmp_path / "file" / "data")
    assert network.why_unreachable("http://x.org/a", tmp_path / "file" / "data") == "no network a short while ago"


def test_an_answer_no_from_the_future_says_nothing(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (data_folder / network.STAMP).touch()
    later = time.time() + 3e8
    os.utime(data_folder / network.STAMP, (later, later))
    monkeypatch.setattr(network, "_answers", lambda _: True)
    assert network.why_unreachable("http://x.org/a", data_folder) is None
