"""``show`` of a run: as it ended, with its tables, curves and evidence where they are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.show import is_run
from experiments.lab.record import records
from tests.cli.invoking import Invoke, document
from tests.cli.past.test_records import of_first_format


def test_a_stored_run_is_shown_as_it_ended(mlnotes: Invoke) -> None:
    ended = mlnotes("run", "toys.count", "seeds=2").stdout
    assert mlnotes("show", "last").stdout == ended


def test_a_run_is_named_by_its_id_its_beginning_or_its_path(mlnotes: Invoke, toys: Path) -> None:
    mlnotes("run", "toys.count")
    (record,) = records(toys)
    for name in (record.id, record.id[:-2], str(record.path)):
        lines = mlnotes("show", name).stdout.splitlines()
        assert lines[0] == "Does counting end?"
    assert mlnotes("show", "2").stdout
    assert document(mlnotes("show", record.id, "--json"))["record"] == str(record.path)


def test_sections_are_shown_alone(mlnotes: Invoke, squares: Path) -> None:
    mlnotes("run", "toys.squares")
    tables = mlnotes("show", "last", "--tables").stdout
    assert [title in tables for title in ("Accuracy", "Laws", "Training", "Networks learn.")] == [
        True,
        True,
        True,
        False,
    ]
    claims = mlnotes("show", "last", "--claims").stdout
    assert claims.startswith("2 claims: 2 hold")
    assert "wide" in claims
    assert "Accuracy" not in claims
    mlnotes("run", "toys.count")
    curves = mlnotes("show", "last", "--curves").stdout
    assert "Value" in curves
    assert "Does counting end?" not in curves


def test_verbose_shows_everything_then_the_ending(mlnotes: Invoke) -> None:
    mlnotes("run", "toys.count")
    lines = [line.rstrip() for line in mlnotes("show", "last", "-v").stdout.splitlines()]
    assert lines[0] == "The last value"
    assert lines.index("Count") < lines.index("Value") < lines.index("Does counting end?")


@pytest.mark.parametrize(("fault", "word"), [("interrupt", "Interrupted"), ("crash", "Failed")])
def test_a_run_that_did_not_come_to_its_end_is_shown_with_what_is_known(mlnotes: Invoke, fault: str, word: str) -> None:
    ended = mlnotes("run", "toys.count", f"fault={fault}", "seeds=2")
    assert f"{word}: 0 of 2 seeds were complete, so there is no answer yet." in ended.stdout.splitlines()
    assert mlnotes("show", "last").stdout == ended.stdout
    assert "The last value" in mlnotes("show", "last", "--tables").stdout


def test_a_job_of_a_sweep_is_a_run(mlnotes: Invoke, toys: Path) -> None:
    mlnotes("run", "toys.count", "-m", "steps=1,2")
    (first,) = (record for record in records(toys) if record.id.endswith("/000"))
    assert "Counting ends at 0." in mlnotes("show", first.id).stdout


def test_a_record_of_the_first_format_says_why_it_is_not_shown(mlnotes: Invoke, squares: Path) -> None:
    mlnotes("run", "toys.squares")
    (record,) = records(squares)
    of_first_format(record.path)
    result = mlnotes("show", "last")
    assert (result.exit_code, result.stdout) == (2, "")
    why = f"record {record.id} was made before rows had parts: it can be compared; to show or judge, run it again\n"
    assert result.stderr == why


def test_a_study_has_no_tables(mlnotes: Invoke) -> None:
    result = mlnotes("show", "toys.count", "--tables")
    assert result.exit_code == 2
    assert result.stderr == (
        "--tables, --curves and --claims show a run, as in mlnotes show last --tables; toys.count is none\n"
    )


@pytest.mark.parametrize("command", ["run", "show"])
def test_a_family_lists_its_studies(mlnotes: Invoke, command: str) -> None:
    result = mlnotes(command, "toys")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "toys is a family: name one of its studies",
        "toys.count  Does counting end?",
        "toys.count_large  Does counting end?",
    ]


def test_no_run_is_told_from_an_unknown_study(mlnotes: Invoke) -> None:
    assert "no record last" in mlnotes("show", "last").stderr
    assert "unknown experiment toys.cout" in mlnotes("show", "toys.cout").stderr
    assert [is_run(name) for name in ("last", "20260101", "runs/x", "grad.vanishing", "grad")] == [
        True, True, True, False, False,
    ]  # fmt: skip
