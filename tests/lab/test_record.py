"""Records as readers see them: rows, findings and figures as they went, status as it is, also of other versions."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments.lab.errors import InputError
from experiments.lab.experiment import Drawing, Figure, Heatmap, Row, Trace, observation
from experiments.lab.record import FORMAT, Record, encode, records
from experiments.lab.recording import Recording, new_directory
from tests.lab import toy
from tests.lab.toy import SquareRow, StepRow


def written(home: Path, *events: Row | Figure) -> Path:
    """The directory of a record with these rows of ``squares`` and figures."""
    recording = open_recording(home)
    for event in events:
        if isinstance(event, Row):
            recording.row("squares", event)
        else:
            recording.figure(event)
    recording.end(toy.outcome(status="done"))
    assert recording.directory is not None
    return recording.directory


def open_recording(home: Path) -> Recording:
    recording = Recording(home=home)
    recording.start(toy.plan(parts=("squares",)))
    return recording


def squares(directory: Path) -> list[Row]:
    return list(Record(directory).typed_rows(toy.experiment()).by_part["squares"])


@pytest.fixture
def open_record(tmp_path: Path) -> Iterator[Path]:
    recording = open_recording(tmp_path)
    assert recording.directory is not None
    yield recording.directory
    recording.end(toy.outcome(status="done"))


@pytest.fixture
def first_format(tmp_path: Path) -> Path:
    """A record from before rows named their part."""
    meta = json.loads((written(tmp_path / "new") / "record.json").read_text())
    directory = tmp_path / "old" / "20260102-030405-lab.count-3f9a"
    directory.mkdir(parents=True)
    old = {key: value for key, value in meta.items() if key not in ("format", "parts", "answer", "rows")}
    (directory / "record.json").write_text(json.dumps(old))
    (directory / "rows.jsonl").write_text('{"seed": 0, "step": 7}\n')
    (directory / "findings.json").write_text('[{"claim": "steps_are_small", "verdict": "holds", "parts": []}]')
    return directory


def test_rows_come_back_as_they_went(tmp_path: Path) -> None:
    rows = [SquareRow(method="nsg", square=0.5, sizes=(1, 2)), SquareRow(method="é", square=math.inf, seed=3)]
    assert squares(written(tmp_path, *rows)) == rows


def test_a_row_names_its_part(tmp_path: Path) -> None:
    (row,) = Record(written(tmp_path, SquareRow(method="nsg", square=0.5))).rows()
    assert next(iter(row)) == "part"
    assert row == {"part": "squares", "seed": 0, "method": "nsg", "square": 0.5, "sizes": [], "remark": None}


def test_every_part_has_its_own_type(tmp_path: Path) -> None:
    recording = Recording(home=tmp_path)
    recording.start(toy.plan(parts=None))
    recording.row("squares", SquareRow(method="a", square=1.0))
    recording.row("count", StepRow(step=1))
    recording.end(toy.outcome(status="done"))
    assert recording.record is not None
    found = recording.record.typed_rows(toy.experiment()).by_part
    assert found == {"count": (StepRow(step=1),), "squares": (SquareRow(method="a", square=1.0),)}


def test_nan_is_null_on_disk_and_nan_again_when_read(tmp_path: Path) -> None:
    directory = written(tmp_path, SquareRow(method="flat", square=math.nan))
    assert Record(directory).rows()[0]["square"] is None
    (row,) = squares(directory)
    assert isinstance(row, SquareRow)
    assert math.isnan(row.square)


def test_a_line_cut_short_by_a_kill_is_left_out(open_record: Path) -> None:
    with (open_record / "rows.jsonl").open("a") as file:
        file.write(json.dumps({"part": "squares", **encode(SquareRow(method="nsg", square=1.0))}) + "\n")
        file.write('{"part": "squares", "seed": 0, "meth')
    assert squares(open_record) == [SquareRow(method="nsg", square=1.0)]


def test_rows_of_another_version_are_refused_by_name(tmp_path: Path) -> None:
    @observation
    class Newer(Row):
        method: str
        square_at_10: float

    newer = toy.experiment(square_row=Newer)
    record = Record(written(tmp_path, SquareRow(method="nsg", square=1.0)))
    with pytest.raises(InputError, match=r"other columns .* now \(remark, sizes, square, square_at_10\): run it again"):
        record.typed_rows(newer)


def test_rows_of_a_part_that_is_no_more_are_refused_by_name(tmp_path: Path) -> None:
    record = Record(written(tmp_path, SquareRow(method="nsg", square=1.0)))
    toys = toy.experiment()
    with pytest.raises(InputError, match=r"than the experiment now \(squares\): run it again"):
        record.typed_rows(replace(toys, parts=toys.parts[:1]))


def test_a_record_of_the_first_format_is_read_and_refused_to_be_judged_in_one_line(first_format: Path) -> None:
    record = Record(first_format)
    assert (record.status, record.rows()) == ("done", [{"seed": 0, "step": 7}])
    assert record.findings()[0]["verdict"] == "holds"
    assert [found.path for found in records(first_format.parent)] == [first_format]
    with pytest.raises(InputError) as caught:
        record.typed_rows(toy.experiment())
    assert caught.value.problems == (
        f"record {record.id} was made before rows had parts: it can be compared; to show or judge, run it again",
    )


def test_a_record_says_its_format(tmp_path: Path) -> None:
    assert Record(written(tmp_path)).meta["format"] == FORMAT == 2


def test_a_record_whose_writer_lives_is_running(open_record: Path) -> None:
    assert Record(open_record).status == "running"


def test_a_record_whose_writer_is_gone_was_killed(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys; from experiments.lab.recording import Recording; from tests.lab import toy;"
        "Recording(pathlib.Path(sys.argv[1])).start(toy.plan()); os.kill(os.getpid(), 9)"
    )
    directory = new_directory(tmp_path, "lab.count")
    subprocess.run([sys.executable, "-c", script, str(directory)], cwd=Path(__file__).parents[2], check=False)
    assert Record(directory).status == "killed"


def test_a_process_number_used_again_is_not_taken_for_the_writer(open_record: Path) -> None:
    meta = json.loads((open_record / "record.json").read_text())
    assert meta["process"]["id"] == os.getpid()
    meta["process"]["started"] -= 1
    (open_record / "record.json").write_text(json.dumps(meta))
    assert Record(open_record).status == "killed"


def test_a_writer_on_another_host_is_taken_at_its_word(open_record: Path) -> None:
    meta = json.loads((open_record / "record.json").read_text())
    meta["process"] |= {"host": "elsewhere", "id": 2**22 + 1}
    (open_record / "record.json").write_text(json.dumps(meta))
    assert Record(open_record).status == "running"


def test_a_record_is_found_by_id_beginning_path_and_as_the_last(tmp_path: Path) -> None:
    directory = written(tmp_path)
    for name in (directory.name, directory.name[:17], directory, "last"):
        assert Record.open(name, tmp_path).path == directory


def test_an_ambiguous_or_unknown_id_is_one_line(tmp_path: Path) -> None:
    written(tmp_path)
    written(tmp_path)
    with pytest.raises(InputError, match="is ambiguous: "):
        Record.open("20", tmp_path)
    with pytest.raises(InputError, match=r"no record nsg in .*: expected an id from `mlnotes runs`, a path, or last"):
        Record.open("nsg", tmp_path)
    with pytest.raises(InputError, match="holds no records; run an experiment first"):
        Record.open("last", tmp_path / "empty")


def test_other_directories_are_no_records(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    directory = written(tmp_path)
    assert [record.path for record in records(tmp_path)] == [directory]


def test_one_broken_record_does_not_hide_the_others(tmp_path: Path) -> None:
    directory = written(tmp_path)
    broken = written(tmp_path)
    (broken / "record.json").write_text("{")
    assert [record.path for record in records(tmp_path)] == [directory]
    with pytest.raises(InputError, match="cannot be read as a record"):
        Record.open(broken)


FIGURES: tuple[Figure, ...] = (
    Heatmap(
        name="confusion",
        title="Confusion",
        row_axis="true",
        column_axis="predicted",
        row_labels=("0", "1"),
        column_labels=("0", "1"),
        values=((3.0, 1.0), (0.0, 4.0)),
    ),
    Drawing(name="graph", title="Graph", points=((0.0, 1.0), (1.0, 0.0)), edges=((0, 1),), paths=(("a", (0, 1)),)),
    Trace(name="loss", x="step", y="loss", lines=(("run", (0.0, 1.0), (2.0, 1.0)),)),
)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: type(figure).__name__)
def test_figures_come_back_as_they_went(tmp_path: Path, figure: Figure) -> None:
    assert Record(written(tmp_path, figure)).figures() == [figure]


def test_findings_of_a_later_judgement_stand_beside_the_former(tmp_path: Path) -> None:
    record = Record(written(tmp_path))
    first, own = record.findings(), record.meta["claims_hash"]
    said = {"claim": "a", "statement": "", "summary": "", "predicted": None, "conditions": []}
    kept = record.replace_findings([{**said, "verdict": "refuted"}], "Refuted.", "0" * 64)
    assert kept == (record.path / f"findings.{own[:8]}.json" if first else None)
    assert record.findings() == [{**said, "verdict": "refuted"}]
    assert (
        record.replace_findings([{**said, "verdict": "holds"}], "Holds.", own) == record.path / "findings.00000000.json"
    )
    assert record.replace_findings([{**said, "verdict": "holds"}], "Holds.", own) is None
    assert Record(record.path).meta["findings_hash"] == own
    assert Record(record.path).meta["answer"] == "Holds."


@pytest.mark.parametrize(
    ("value", "expected"),
    [(math.nan, None), (-math.inf, "-inf"), ((1, (2.0,)), [1, [2.0]]), (Path("a"), "a"), ({1: True}, {"1": True})],
)
def test_values_are_encoded_as_strict_json(value: Any, expected: Any) -> None:
    assert encode(value) == expected


def test_a_value_of_another_type_in_a_row_is_told(open_record: Path) -> None:
    row = {"part": "squares", **encode(SquareRow(method="nsg", square=1.0)), "square": "1.0"}
    (open_record / "rows.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(InputError, match=r"square is '1\.0' in a row: damaged"):
        squares(open_record)
