"""``run --confirm``: fresh seeds, looks that are counted, and what is refused in a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.lab.record import records
from experiments.lab.sealing import lock
from experiments.lab.sealing.looks import Ledger
from tests.cli.invoking import Invoke, document
from tests.cli.studies.test_seal import edit


def test_a_look_confirms_on_fresh_seeds_and_says_which_look_it_was(mlnotes: Invoke, squares: Path) -> None:
    mlnotes("seal", "toys.squares")
    for number, seeds in enumerate(("1000-1002", "1003-1005", "1006-1008"), start=1):
        result = mlnotes("run", "toys.squares", "--confirm")
        assert result.exit_code == 0
        assert f"confirmatory, look {number} of 3, seeds {seeds}" in result.stdout
    result = mlnotes("run", "toys.squares", "--confirm")
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("toys.squares has had its 3 looks (seeds 1000-1002, 1003-1005, 1006-1008)")
    assert len(records()) == 3


def test_the_record_of_a_look_has_its_seeds_level_and_standing(mlnotes: Invoke, squares: Path) -> None:
    mlnotes("seal", "toys.squares")
    found = document(mlnotes("run", "toys.squares", "--confirm", "seeds=2", "--json"))
    assert found["seeds"] == [1000, 1001]
    assert {finding["standing"]["kind"] for finding in found["findings"]} == {"confirmatory"}
    meta = json.loads((Path(found["record"]) / "record.json").read_text())
    assert meta["standing"]["why"] == "look 1 of 3, seeds 1000-1001"
    assert meta["level"] == pytest.approx(0.05 / 3)
    assert meta["command"] == ["mlnotes", "run", "toys.squares", "--confirm", "seeds=2"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--smoke"], "--confirm runs the study's own numbers: leave out --smoke"),
        (["parts=laws"], "--confirm judges all claims at once: leave out parts"),
        (["seed=7"], "--confirm draws seeds that nobody has seen: leave out seed"),
        (
            ["-m", "share=0.1,0.2"],
            "--confirm and --launcher are for one run: leave out -m (sweeps: hydra/launcher=NAME)",
        ),
    ],
)
def test_what_is_no_look_is_refused_in_a_line(mlnotes: Invoke, squares: Path, words: list[str], line: str) -> None:
    mlnotes("seal", "toys.squares")
    result = mlnotes("run", "toys.squares", "--confirm", *words)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{line}\n")
    assert Ledger(squares).lines() == []


def test_a_claim_that_is_not_as_it_was_sealed_is_refused_and_explores(mlnotes: Invoke, squares: Path) -> None:
    result = mlnotes("run", "toys.squares", "--confirm")
    assert result.stderr.splitlines() == [
        f"{claim} is not sealed: run `mlnotes seal toys.squares` before the data are seen"
        for claim in ("laws_hold", "networks_learn")
    ]
    mlnotes("seal", "toys.squares")
    edit(squares, "experiments/toys/squares.py", "delta=0.01", "delta=0.02")
    assert "networks_learn is not as it was sealed" in mlnotes("run", "toys.squares", "--confirm").stderr
    text = " ".join(mlnotes("run", "toys.squares").stdout.split())
    assert "exploratory: networks_learn changed since it was sealed" in text
    findings = records()[0].findings()
    assert [finding["standing"]["why"].partition(" on ")[0] for finding in findings] == [
        "seeds below 1000",
        "changed since it was sealed",
    ]


def test_other_numbers_than_the_studys_cannot_confirm(mlnotes: Invoke, squares: Path) -> None:
    mlnotes("seal", "toys.squares")
    result = mlnotes("run", "toys.squares", "--confirm", "share=0.4")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[0].endswith("study numbers share=0.5 -> share=0.4; leave out what differs")


def test_a_look_that_showed_nothing_is_given_back_and_one_that_did_is_spent(mlnotes: Invoke, toys: Path) -> None:
    for fault, looks in (("data", 0), ("crash", 1)):
        edit(toys, "conf/toys/count.yaml", "steps: 3\n", f"steps: 3\nfault: {fault}\n")
        mlnotes("seal", "toys.count")
        assert mlnotes("run", "toys.count", "--confirm").exit_code != 0
        assert len(Ledger(toys).lines()) == looks
        edit(toys, "conf/toys/count.yaml", f"fault: {fault}\n", "")


def test_the_newest_verdict_goes_into_the_history_of_a_claim(mlnotes: Invoke, squares: Path) -> None:
    mlnotes("seal", "toys.squares")
    mlnotes("run", "toys.squares", "--confirm")
    edit(squares, "experiments/toys/squares.py", "delta=0.01", "delta=1e9")
    assert "1 refuted" in mlnotes("judge", "last").stdout  # by another rule than the one that was sealed
    mlnotes("seal", "toys.squares")
    (former,) = lock.read("toys.squares")["networks_learn"].history
    assert former["verdict"] == "holds"
    assert "confirmatory, look 1 of 3, seeds 1003-1005, but" not in mlnotes("run", "toys.squares", "--confirm").stdout
    meta = records()[0].meta
    assert {name: one["why"] for name, one in meta["standings"].items()} == {
        "laws_hold": "look 2 of 3, seeds 1003-1005",
        "networks_learn": "look 1 of 3, seeds 1003-1005, after 1 look at what it was before",
    }
