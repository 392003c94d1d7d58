"""What Tab offers, asked in the way of each shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.invoking import Invoke

KINDS = ["none", "crash", "data", "interrupt", "wrong", "random"]


Complete = Callable[..., list[str]]


@pytest.fixture
def bash(mlnotes: Invoke, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """Candidates for the last of bash's words, which it splits at ``=``."""

    def complete(*words: str) -> list[str]:
        monkeypatch.setenv("_MLNOTES_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(("mlnotes", *words)))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        return mlnotes().stdout.split()

    return complete


@pytest.fixture
def fish(mlnotes: Invoke, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """Candidates for the end of a line of fish or zsh, which leave ``KEY=VALUE`` whole."""

    def complete(line: str) -> list[str]:
        monkeypatch.setenv("_MLNOTES_COMPLETE", "complete_fish")
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
        return [found.partition("\t")[0] for found in mlnotes().stdout.splitlines()]

    return complete


def test_commands_and_studies_are_offered(bash: Complete) -> None:
    assert bash("ru") == ["run", "runs"]
    assert bash("run", "toys.") == ["toys.count", "toys.count_large"]
    assert bash("verify", "to") == ["toys", "toys.count", "toys.count_large"]
    assert bash("data", "fetch", "fa") == ["fashion"]


def test_bash_gets_the_value_alone(bash: Complete) -> None:
    assert bash("run", "toys.count", "fault", "=") == KINDS
    assert bash("run", "toys.count", "fault", "=", "r") == ["random"]
    assert bash("run", "toys.count", "seed", "=", "1", "fault", "=", "c") == ["crash"]


def test_other_shells_get_the_whole_word(fish: Complete) -> None:
    assert fish("mlnotes run toys.count fault=") == [f"fault={kind}" for kind in KINDS]
    assert fish("mlnotes run toys.count seed=1 fault=r") == ["fault=random"]


def test_a_single_key_comes_with_its_values_so_that_no_space_follows_the_sign(bash: Complete) -> None:
    assert bash("run", "toys.count", "seed") == ["seed=", "seeds="]
    assert bash("run", "toys.count", "st") == ["steps=", "steps=2"]
    assert bash("run", "toys.count", "seed", "=", "1", "siz") == ["sizes=", "sizes=[1,2]"]


def test_parts_are_offered_by_name(bash: Complete, fish: Complete, squares: Path) -> None:
    assert bash("run", "toys.squares", "parts", "=", "") == ["laws", "training"]
    assert bash("run", "toys.squares", "parts", "=", "t") == ["training"]
    assert fish("mlnotes run toys.squares parts=l") == ["parts=laws"]


def test_a_long_meaning_is_no_second_candidate(fish: Complete) -> None:
    assert fish("mlnotes run toys.count par") == ["parts=", "parts=steps"]
    assert fish("mlnotes run toys.count work") == ["workers=", "workers=1"]


def test_an_unknown_study_or_key_offers_nothing(bash: Complete) -> None:
    assert bash("run", "toys.nothing", "s") == []
    assert bash("run", "toys.count", "nothing", "=", "x") == []


def test_runs_are_offered(bash: Complete, mlnotes: Invoke, toys: Path) -> None:
    mlnotes("run", "toys.count", "--smoke")
    (record,) = toys.iterdir()
    assert bash("judge", "") == ["last", record.name]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_script_for_bash_fills_compreply(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "mlnotes"
    command.write_text(f"#!{sys.executable}\nfrom cli.app import main\nmain()\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    script = """
        eval "$(_MLNOTES_COMPLETE=source_bash mlnotes)"
        COMP_WORDS=(mlnotes ver); COMP_CWORD=1
        _mlnotes_completion mlnotes
        echo "${COMPREPLY[@]}"
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("verify\n", "")
