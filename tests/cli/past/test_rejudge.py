"""``judge``: former findings are kept, and what changed since the run is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.lab.record import Record, records
from tests.cli.invoking import Invoke, document
from tests.cli.studies.test_seal import edit

SQUARES = "experiments/toys/squares.py"


def run(mlnotes: Invoke, *words: str) -> Record:
    """The record of a run."""
    return Record(Path(document(mlnotes("run", *words, "--json"))["record"]))


def rewrite(record: Record, **values: Any) -> Record:
    """The record with other values in its record.json; None takes a key out."""
    meta = {key: value for key, value in {**record.meta, **values}.items() if value is not None}
    (record.path / "record.json").write_text(json.dumps(meta))
    return Record(record.path)


def test_the_same_claims_keep_findings_and_standing(mlnotes: Invoke, squares: Path) -> None:
    record = run(mlnotes, "toys.squares")
    before = record.findings()
    result = mlnotes("judge", str(record.path))
    assert result.exit_code == 0
    assert "since the run" not in result.stdout
    assert Record(record.path).findings() == before
    assert [path.name for path in record.path.glob("findings.*.json")] == []


def test_another_rule_is_told_and_the_former_findings_stay_beside_its_hash(mlnotes: Invoke, squares: Path) -> None:
    record = run(mlnotes, "toys.squares")
    before = record.findings()
    edit(squares, SQUARES, "delta=0.01", "delta=0.9")
    lines = mlnotes("judge", str(record.path)).stdout.splitlines()
    assert lines[0] == "rule changed since the run: networks_learn: rule delta=0.01 -> delta=0.9"
    kept = record.path / f"findings.{record.meta['claims_hash'][:8]}.json"
    assert lines[1] == f"the former findings are in {kept}"
    assert json.loads(kept.read_text()) == before
    now = Record(record.path)
    assert now.meta["findings_hash"] != now.meta["claims_hash"] == record.meta["claims_hash"]
    laws, networks = now.findings()
    assert (laws["verdict"], networks["verdict"]) == ("holds", "refuted")
    assert laws["standing"] == before[0]["standing"]
    assert networks["standing"] == {
        "kind": "exploratory",
        "why": "changed since the run: rule delta=0.01 -> delta=0.9",
        "notable": True,
    }
    edit(squares, SQUARES, "delta=0.9", "delta=0.01")
    assert "rule changed" not in mlnotes("judge", str(record.path)).stdout
    assert Record(record.path).findings() == before
    assert len(list(record.path.glob("findings.*.json"))) == 2


def test_findings_of_one_table_that_differ_are_kept_too(mlnotes: Invoke, toys: Path) -> None:
    record = run(mlnotes, "toys.count")
    for number in range(3):
        (record.path / "findings.json").write_text(json.dumps([{**record.findings()[0], "summary": f"by {number}"}]))
        assert "former findings" in mlnotes("judge", str(record.path)).stdout
    made_by = record.meta["claims_hash"][:8]
    assert sorted(path.name for path in record.path.glob("findings.*.json")) == [
        f"findings.{made_by}-2.json",
        f"findings.{made_by}-3.json",
        f"findings.{made_by}.json",
    ]


def test_claims_that_came_and_went_are_told(mlnotes: Invoke, squares: Path) -> None:
    record = run(mlnotes, "toys.squares")
    edit(squares, SQUARES, '"laws_hold",', '"laws_are_held",')
    lines = mlnotes("judge", str(record.path)).stdout.splitlines()
    assert lines[:2] == ["new since the run: laws_are_held", "gone since the run: laws_hold"]


def test_an_interrupted_run_says_how_many_of_its_seeds_it_has_and_only_those_are_judged(
    mlnotes: Invoke, squares: Path
) -> None:
    record = rewrite(run(mlnotes, "toys.squares", "seeds=4"), status="interrupted", seeds_done=[0, 1, 2])
    result = mlnotes("judge", str(record.path))
    assert result.stdout.splitlines()[0] == f"{record.id} is interrupted: 3 of 4 planned seeds are complete"
    finding = Record(record.path).findings()[1]
    assert finding["seeds"] == [0, 1, 2]
    assert finding["standing"]["why"] == "interrupted: 3 of 4 planned seeds are complete"
    older = rewrite(record, seeds_done=None, rows=None)
    (older.path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in older.rows() if row["seed"] < 2))
    assert "1 of 4 planned seeds are complete" in mlnotes("judge", str(record.path)).stdout


def test_a_record_from_before_claims_were_sealed_is_compared_by_what_its_findings_say(
    mlnotes: Invoke, squares: Path
) -> None:
    record = rewrite(run(mlnotes, "toys.squares"), seals=None, standings=None, standing=None, level=None)
    assert "since the run" not in mlnotes("judge", str(record.path)).stdout
    assert Record(record.path).findings()[0]["standing"]["why"] == "not sealed when it was run"
    edit(squares, SQUARES, "delta=0.01", "delta=0.02")
    edit(squares, SQUARES, "Networks learn.", "Networks learn a lot.")
    assert "rule changed since the run: networks_learn: statement; rule" in mlnotes("judge", str(record.path)).stdout


def test_a_look_is_judged_again_at_its_share_of_the_level(mlnotes: Invoke, squares: Path) -> None:
    record = rewrite(run(mlnotes, "toys.squares"), level=0.05 / 3)
    mlnotes("judge", str(record.path))
    levels = [one["evidence"]["level"] for one in Record(record.path).findings()[1]["conditions"]]
    assert max(levels) == pytest.approx(1 - 0.05 / 3 / 2)  # of two conditions
    assert len(records()) == 1
