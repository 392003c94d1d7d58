from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from experiments.lab.errors import InputError
from experiments.lab.experiment import Heatmap
from experiments.lab.experiment import Row as LabRow
from experiments.lab.record import Record, RecordWriter, new_directory, records


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    method: str
    recall: float
    sizes: tuple[int, ...] = ()
    note: str | None = None


def written(home: Path, *rows: Row) -> Path:
    directory = new_directory(home, "ann.nsg")
    writer = RecordWriter(directory, {"experiment": "ann.nsg"})
    for row in rows:
        writer.row(row)
    writer.close("done")
    return directory


@pytest.fixture
def open_record(tmp_path: Path) -> Iterator[Path]:
    writer = RecordWriter(new_directory(tmp_path, "ann.nsg"), {})
    yield writer.directory
    writer.close("done")


def test_rows_come_back_as_they_went(tmp_path: Path) -> None:
    rows = [Row(method="nsg", recall=0.5, sizes=(1, 2)), Row(method="é", recall=math.inf, seed=3)]
    assert Record(written(tmp_path, *rows)).typed_rows(Row) == rows


def test_nan_is_null_on_disk_and_nan_again_when_read(tmp_path: Path) -> None:
    record = Record(written(tmp_path, Row(method="flat", recall=math.nan)))
    assert record.rows()[0]["recall"] is None
    assert math.isnan(record.typed_rows(Row)[0].recall)


def test_a_line_cut_short_by_a_kill_is_left_out(tmp_path: Path) -> None:
    directory = written(tmp_path, Row(method="nsg", recall=1.0))
    with (directory / "rows.jsonl").open("a") as file:
        file.write('{"seed": 0, "meth')
    assert Record(directory).typed_rows(Row) == [Row(method="nsg", recall=1.0)]


def test_rows_of_an_older_version_are_refused_by_name(tmp_path: Path) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Newer(LabRow):
        method: str
        recall_at_10: float

    with pytest.raises(InputError, match=r"other columns .* now \(note, recall, recall_at_10, sizes\)"):
        Record(written(tmp_path, Row(method="nsg", recall=1.0))).typed_rows(Newer)


def test_directories_made_in_the_same_second_differ(tmp_path: Path) -> None:
    assert len({new_directory(tmp_path, "ann.nsg") for _ in range(50)}) == 50


def test_a_record_whose_writer_lives_is_running(open_record: Path) -> None:
    assert Record(open_record).status == "running"


def test_a_record_whose_writer_is_gone_was_killed(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys; from experiments.lab.record import RecordWriter;"
        "RecordWriter(pathlib.Path(sys.argv[1]), {}); os.kill(os.getpid(), 9)"
    )
    directory = new_directory(tmp_path, "ann.nsg")
    subprocess.run([sys.executable, "-c", script, str(directory)], check=False)
    assert Record(directory).status == "killed"


def test_a_process_number_used_again_is_not_taken_for_the_writer(open_record: Path) -> None:
    meta = json.loads((open_record / "record.json").read_text())
    assert meta["process"]["id"] == os.getpid()
    meta["process"]["started"] -= 1
    (open_record / "record.json").write_text(json.dumps(meta))
    assert Record(open_record).status == "killed"


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


def test_figures_come_back_as_they_went(tmp_path: Path) -> None:
    figure = Heatmap(
        name="confusion",
        title="Confusion",
        row_axis="true",
        column_axis="predicted",
        row_labels=("0", "1"),
        column_labels=("0", "1"),
        values=((3.0, 1.0), (0.0, 4.0)),
    )
    directory = new_directory(tmp_path, "train.mnist")
    writer = RecordWriter(directory, {})
    writer.figure(figure)
    writer.close("done")
    assert Record(directory).figures() == [figure]
