"""Studies by Hydra's launchers: other processes, the same findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.invoking import Invoke, document, mlnotes_process


def findings(document: Any) -> list[tuple[str, str, str]]:
    return [
        (study["study"], finding["claim"], finding["verdict"])
        for study in document["studies"]
        for finding in study["findings"]
    ]


def test_joblib_finds_the_same(tmp_path: Path) -> None:
    words = ("verify", "ann.voronoi", "seq.ewma", "--smoke", "--json")
    alone = mlnotes_process(*words, MLNOTES_RUNS=str(tmp_path / "alone"))
    launched = mlnotes_process(*words, "--launcher", "joblib", MLNOTES_RUNS=str(tmp_path / "launched"))
    assert launched.returncode == alone.returncode == 0, launched.stderr
    assert findings(document(launched)) == findings(document(alone)) != []
    assert len(list((tmp_path / "launched").glob("*/record.json"))) == 2


def test_an_unknown_launcher_is_refused(mlnotes: Invoke) -> None:
    done = mlnotes("verify", "toys", "--launcher", "jobilb")
    assert (done.exit_code, done.stderr) == (2, "unknown launcher jobilb: did you mean joblib?\n")


def test_a_launcher_that_is_not_installed_names_the_extra(mlnotes: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = mlnotes("verify", "toys", "--launcher", "joblib")
    assert (done.exit_code, done.stderr) == (
        2,
        "--launcher joblib needs a package: pip install 'mlnotes[joblib]'\n",
    )


def test_seeds_by_joblib_are_those_of_one_process(tmp_path: Path) -> None:
    words = ("run", "ann.voronoi", "--smoke", "seeds=2", "--json")
    alone = document(mlnotes_process(*words, MLNOTES_RUNS=str(tmp_path / "alone")))
    launched = mlnotes_process(*words, "--launcher", "joblib", MLNOTES_RUNS=str(tmp_path / "launched"))
    assert document(launched)["rows"] == alone["rows"]
    assert document(launched)["findings"] == alone["findings"]
    assert not list((tmp_path / "launched").glob("*-launch-*"))


def test_a_seed_that_fails_elsewhere_fails_the_run(tmp_path: Path) -> None:
    words = ("run", "seq.ewma", "--smoke", "seeds=2", "data=absent.csv", "--launcher", "joblib")
    done = mlnotes_process(*words, MLNOTES_RUNS=str(tmp_path))
    assert done.returncode == 2
    assert "absent.csv" in done.stderr
    assert list(tmp_path.iterdir()) == []
