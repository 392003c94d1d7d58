"""``run``: what it prints where, what it keeps, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.lab.record import Record, records
from tests.cli.invoking import Invoke, document


def test_run_ends_with_question_answer_headline_claims_and_places(mlnotes: Invoke, toys: Path) -> None:
    result = mlnotes("run", "toys.count", "seeds=2")
    (record,) = records(toys)
    assert result.exit_code == 0
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert lines[:4] == ["Does counting end?", "Counting ends at 2.", "", "The last value"]
    claims = lines.index("1 claim: 1 holds; exploratory")
    assert lines[claims + 1] == "✓ holds         Values are not negative"
    assert lines[claims + 2] == ""
    assert lines[claims + 3].startswith(f"record   {record.path}  (2 seeds, ")
    assert lines[claims + 4 :] == [
        "figures  plots/count.png",
        "next     mlnotes run toys.count seeds=2 -m fault=none,crash,data",
    ]
    assert sorted(path.name for path in (record.path / "plots").iterdir()) == ["count.png", "count.svg"]


def test_verbose_prints_tables_curves_and_evidence_before_the_ending(mlnotes: Invoke) -> None:
    lines = mlnotes("run", "toys.count", "-v").stdout.splitlines()
    assert lines[0] == "counting"
    for words in ("Count", "Value", "Values are not negative."):
        assert words in " ".join(lines[: lines.index("Does counting end?")])
    assert lines[-1].startswith("next ")


def test_quiet_prints_one_line_and_nothing_on_stderr(mlnotes: Invoke) -> None:
    result = mlnotes("run", "toys.count", "-q")
    assert result.stdout == "1 claim: 1 holds; exploratory. Counting ends at 2.\n"
    assert result.stderr == ""
    surprise = mlnotes("run", "toys.count", "fault=wrong", "--quiet").stdout
    assert surprise == "1 claim: 1 refuted; 1 not as predicted; exploratory. Counting ends at 2.\n"


def test_json_is_one_document_of_the_record(mlnotes: Invoke, toys: Path) -> None:
    found = document(mlnotes("run", "toys.count", "rate=2", "--smoke", "--json"))
    assert list(found) == [
        "experiment", "study", "status", "record", "params", "seeds", "answer", "rows", "findings", "seconds",
        "versions",
        "commit",
        "looks",
    ]  # fmt: skip
    record = Record(Path(found["record"]))
    assert found["rows"] == record.rows()
    assert [row["value"] for row in found["rows"]] == [0, 2]
    assert found["findings"][0]["verdict"] == "holds"
    assert found["params"] == {"steps": 2, "rate": 2, "sizes": [1, 2], "fault": "none"}


def test_every_problem_is_a_line_and_nothing_is_written(mlnotes: Invoke, toys: Path) -> None:
    result = mlnotes("run", "toys.count", "steps=1000", "rate=x", "seeds=0")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "seeds: expected an integer from 1 to 10,000, got 0",
        "steps: expected an integer from 1 to 100, got 1000",
        "rate: expected a number, got 'x'",
    ]
    assert not toys.exists()


def test_data_that_cannot_be_used_is_exit_2_and_nothing_is_written(mlnotes: Invoke, toys: Path) -> None:
    result = mlnotes("run", "toys.count", "fault=data", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "toy.bin: expected 4 bytes, got 3; fetch it again\n"
    assert not toys.exists()


def test_a_crash_is_one_line_exit_1_and_keeps_the_rows(mlnotes: Invoke) -> None:
    result = mlnotes("run", "toys.count", "fault=crash", "--json")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "ValueError: the sky fell (run again with --debug for the traceback)"
    assert (document(result)["status"], len(document(result)["rows"])) == ("failed", 1)
    assert "Traceback" in mlnotes("run", "toys.count", "fault=crash", "--debug").stderr


def test_an_interrupt_is_exit_130_and_keeps_the_rows(mlnotes: Invoke, toys: Path) -> None:
    assert mlnotes("run", "toys.count", "fault=interrupt").exit_code == 130
    (record,) = records(toys)
    assert (record.status, len(record.rows())) == ("interrupted", 1)


def test_what_is_known_is_said_after_an_interrupt(mlnotes: Invoke) -> None:
    result = mlnotes("run", "toys.count", "fault=interrupt", "seeds=3")
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert lines[:2] == [
        "Does counting end?",
        "Interrupted: 0 of 3 seeds were complete, so there is no answer yet.",
    ]
    assert "- not judged    Values are not negative: interrupted" in lines
    assert lines[-1] == "next     mlnotes show last --tables"
    assert result.stderr.splitlines()[-1] == "interrupted; what was recorded so far is kept"


def test_a_surprise_leads_to_its_evidence(mlnotes: Invoke) -> None:
    lines = mlnotes("run", "toys.count", "fault=wrong").stdout.splitlines()
    assert "✗ refuted       Values are not negative (predicted: holds)" in [line.rstrip() for line in lines]
    assert lines[-1] == "next     mlnotes show last --claims  (the evidence)"


def test_the_answer_is_in_the_record_and_in_the_document(mlnotes: Invoke, toys: Path) -> None:
    found = document(mlnotes("run", "toys.count", "--json"))
    assert found["answer"] == "Counting ends at 2."
    (record,) = records(toys)
    assert record.meta["answer"] == found["answer"]


def test_an_answer_at_smoke_size_says_so(mlnotes: Invoke) -> None:
    lines = mlnotes("run", "toys.count", "--smoke").stdout.splitlines()
    assert lines[1] == "At smoke size: Counting ends at 1."
    assert lines[-1] == "next     mlnotes run toys.count  is the full study"


def test_a_smoke_run_says_what_the_full_study_decides_and_how_long_it_takes(mlnotes: Invoke, squares: Path) -> None:
    words = ("run", "toys.squares", "share=0.4")
    lines = mlnotes(*words, "--smoke").stdout.splitlines()
    assert lines[-1] == "next     mlnotes run toys.squares share=0.4  decides 1 more claim"
    mlnotes(*words)
    assert "decides 1 more claim in about" in mlnotes(*words, "--smoke").stdout
    assert "decides 1 more claim in about" not in mlnotes("run", "toys.squares", "--smoke").stdout


def test_rows_and_findings_name_their_part(mlnotes: Invoke, squares: Path) -> None:
    found = document(mlnotes("run", "toys.squares", "--json"))
    assert [row["part"] for row in found["rows"] if row["seed"] == 0] == ["laws", "training", "training"]
    assert found["rows"][0] == {"part": "laws", "seed": 0, "law": "parity", "holds": 1}
    assert [(one["claim"], one["part"]) for one in found["findings"]] == [
        ("laws_hold", "laws"),
        ("networks_learn", "training"),
    ]
    (record,) = records(squares)
    lines = (record.path / "rows.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == found["rows"]


# parts


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("parts=laws", ["laws"]),
        ("parts=training", ["training"]),
        ("parts=[laws]", ["laws"]),
        ("parts=laws,training", ["laws", "training"]),
        ("parts=training,laws", ["laws", "training"]),
        ("parts=[training,laws]", ["laws", "training"]),
        ("parts=null", ["laws", "training"]),
    ],
)
def test_parts_are_chosen_on_the_command_line(mlnotes: Invoke, squares: Path, override: str, parts: list[str]) -> None:
    found = document(mlnotes("run", "toys.squares", override, "--json"))
    assert list(dict.fromkeys(row["part"] for row in found["rows"])) == parts
    (record,) = records(squares)
    assert record.meta["parts"] == parts


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("parts=lawz", "parts: unknown part lawz: did you mean laws?"),
        ("parts=laws,trainig", "parts: unknown part trainig: did you mean training?"),
        ("parts=[]", "parts: expected one or more of laws, training, got none"),
        ("parts=3", "parts: expected a list of: text or null, got 3"),
    ],
)
def test_parts_that_cannot_be_are_exit_2_and_one_line(
    mlnotes: Invoke, squares: Path, override: str, message: str
) -> None:
    result = mlnotes("run", "toys.squares", override)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{message}\n")
    assert not squares.exists()


def test_claims_of_parts_that_were_left_out_are_not_judged_and_the_answer_says_what_it_needs(
    mlnotes: Invoke, squares: Path
) -> None:
    result = mlnotes("run", "toys.squares", "parts=laws")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "2 claims: 1 holds, 1 not judged; exploratory" in lines
    assert "- not judged Networks learn: part training was not run" in lines
    assert lines[lines.index("Are squares rare?") + 1] == "Not answered in this run: part training was not run."
    assert "Accuracy" not in lines  # the headline's part was not run
    laws, training = records(squares)[0].findings()
    assert (laws["verdict"], training["verdict"]) == ("holds", "not judged")
    assert training["summary"] == "part training was not run"


def test_only_parts_may_be_listed_without_brackets(mlnotes: Invoke) -> None:
    result = mlnotes("run", "toys.count", "sizes=1,2", "parts=steps")
    assert result.exit_code == 2
    assert (
        result.stderr == "sizes=1,2: expected one value; write sizes=[1,2] for a list, or add -m to run every value\n"
    )


def test_a_wrong_key_is_not_blamed_on_the_parts(mlnotes: Invoke, squares: Path) -> None:
    result = mlnotes("run", "toys.squares", "parts=laws,training", "shar=1")
    assert (result.exit_code, result.stderr) == (2, "unknown parameter shar: did you mean share?\n")
