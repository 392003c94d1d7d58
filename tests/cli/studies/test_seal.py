"""``seal``: what it writes, and what it tells of claims that changed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from experiments.lab.sealing import lock
from tests.cli.invoking import Invoke, document


def edit(toys: Path, file: str, before: str, after: str) -> None:
    """Change a file of the toy studies, which is imported anew."""
    path = toys.parent / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    for name in ("experiments.toys.count", "experiments.toys.squares"):
        sys.modules.pop(name, None)


def test_claims_are_sealed_once_and_then_are_as_they_were(mlnotes: Invoke, squares: Path) -> None:
    result = mlnotes("seal", "--check")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "toys.count: values_are_not_negative is not sealed",
        "toys.count_large: values_are_not_negative is not sealed",
        "toys.squares: laws_hold is not sealed",
        "toys.squares: networks_learn is not sealed",
    ]
    assert result.stderr == "not as sealed: 4 claims; to seal what is there now: mlnotes seal\n"
    result = mlnotes("seal")
    assert (result.exit_code, result.stdout) == (
        0,
        f"4 claims of 3 studies are sealed in {lock.lock_file()}, 4 for the first time\n",
    )
    assert mlnotes("seal", "--check").stdout == "4 claims of 3 studies are as they were sealed\n"
    text = lock.lock_file().read_text()
    mlnotes("seal")
    assert lock.lock_file().read_text() == text


def test_seals_are_documents_too(mlnotes: Invoke, squares: Path) -> None:
    new = document(mlnotes("seal", "toys.squares", "--json"))
    assert new["studies"] == {"toys.squares": ["laws_hold", "networks_learn"]}
    assert [change["kind"] for change in new["changes"]] == ["new", "new"]
    assert document(mlnotes("seal", "toys.squares", "--check", "--json"))["changes"] == []


PREDICTION = "prediction holds under deep -> refuted under deep"


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        ("conf/toys/squares.yaml", "seeds: 3", "seeds: 3\nshare: 0.4", "study numbers share=0.5 -> share=0.4"),
        ("experiments/toys/squares.py", "delta=0.01", "delta=0.02", "rule delta=0.01 -> delta=0.02"),
        ("experiments/toys/squares.py", "network=network), 0.25", "network=network), 0.2", "measure"),
        ("experiments/toys/squares.py", "Networks learn.", "Networks learn a lot.", "statement"),
        ("experiments/toys/squares.py", '"deep": "holds"', '"deep": "refuted"', PREDICTION),
    ],
)
def test_a_change_is_told_in_a_line_and_sealed_with_the_last_verdict(
    mlnotes: Invoke, squares: Path, file: str, before: str, after: str, said: str
) -> None:
    mlnotes("seal")
    edit(squares, file, before, after)
    result = mlnotes("seal", "toys.squares", "--check")
    today = lock.today()
    line = f"toys.squares: networks_learn changed since it was sealed on {today}: {said}"
    assert result.exit_code == 1
    assert line in result.stdout.splitlines()
    assert line in mlnotes("seal", "toys").stdout.splitlines()
    (former,) = lock.read("toys.squares")["networks_learn"].history
    assert (former["changed"], former["superseded"]) == (said, today)
    assert mlnotes("seal", "--check").exit_code == 0


def test_seeds_and_workers_are_not_sealed(mlnotes: Invoke, squares: Path) -> None:
    mlnotes("seal")
    edit(squares, "conf/toys/squares.yaml", "seeds: 3", "seeds: 7\nworkers: 2\nseed: 4")
    assert mlnotes("seal", "--check").exit_code == 0


def test_a_study_that_is_gone_is_told_and_withdrawn(mlnotes: Invoke, squares: Path) -> None:
    mlnotes("seal")
    (squares.parent / "conf" / "toys" / "count_large.yaml").unlink()
    result = mlnotes("seal", "--check")
    assert (result.exit_code, result.stdout) == (
        1,
        f"toys.count_large: values_are_not_negative was sealed on {lock.today()} and is gone\n",
    )
    assert mlnotes("seal", "toys.count", "--check").exit_code == 0
    mlnotes("seal")
    assert mlnotes("seal", "--check").exit_code == 0
    assert lock.read("toys.count_large")["values_are_not_negative"].withdrawn


def test_a_study_that_cannot_be_read_is_told_and_the_others_are_sealed(mlnotes: Invoke, squares: Path) -> None:
    edit(squares, "experiments/toys/squares.py", "delta=0.01", "delta=0.01 / 0")
    result = mlnotes("seal")
    assert result.exit_code == 1
    assert result.stdout.startswith("2 claims of 2 studies are sealed")
    assert "toys.squares: ZeroDivisionError: float division by zero" in result.stderr


def test_a_claim_whose_measure_cannot_be_read_is_not_sealed(mlnotes: Invoke, toys: Path) -> None:
    edit(toys, "experiments/toys/count.py", "        Claim(\n", "        Stated(\n")
    edit(toys, "experiments/toys/count.py", "\n\n@parameters", "\n\nStated = Claim\n\n\n@parameters")
    result = mlnotes("seal", "toys.count")
    assert result.exit_code == 1
    assert result.stderr.startswith('toys.count: values_are_not_negative: expected a call Claim("values_are_not')


def test_a_name_that_is_no_study_is_exit_2(mlnotes: Invoke) -> None:
    result = mlnotes("seal", "toys.cuont", "--check")
    assert (result.exit_code, result.stderr) == (2, "unknown experiment toys.cuont: did you mean toys.count?\n")


def test_show_tells_what_is_sealed_and_what_claims_were_before(mlnotes: Invoke, squares: Path) -> None:
    assert "Seals" not in mlnotes("show", "toys.squares").stdout
    mlnotes("seal")
    today = lock.today()
    assert f"2 of 2 claims are as they were sealed on {today}" in mlnotes("show", "toys.squares").stdout
    mlnotes("run", "toys.squares")
    edit(squares, "experiments/toys/squares.py", "delta=0.01", "delta=0.9")
    text = " ".join(mlnotes("show", "toys.squares").stdout.split())
    assert f"networks_learn changed since it was sealed on {today}: rule delta=0.01 -> delta=0.9" in text
    mlnotes("seal")
    text = " ".join(mlnotes("show", "toys.squares").stdout.split())
    assert f"networks_learn was before: holds (sealed {today}, superseded {today})" in text
    assert "changed then: rule delta=0.01 -> delta=0.9 · Networks learn. · predicted: holds under wide, deep" in text
    edit(squares, "experiments/toys/squares.py", '"laws_hold",', '"laws_are_held",')
    text = " ".join(mlnotes("show", "toys.squares").stdout.split())
    assert "laws_are_held is not sealed" in text
    mlnotes("seal")
    seals = {one["claim"]: one for one in document(mlnotes("show", "toys.squares", "--json"))["seals"]}
    assert seals["laws_hold"]["withdrawn"] == today
    assert [former["verdict"] for former in seals["networks_learn"]["history"]] == ["holds"]
