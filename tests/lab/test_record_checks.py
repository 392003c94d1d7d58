"""Records damaged by hand, by a full disk or by a flipped bit: one line, and the others are still there."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.lab.errors import InputError
from experiments.lab.experiment import Trace
from experiments.lab.record import Record, records_and_faults
from tests.lab import toy
from tests.lab.test_record import written
from tests.lab.toy import SquareRow

NOT_A_FIELD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.none(), max_size=2)
)


@pytest.fixture(scope="module")
def two_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("records")
    for value in (1.0, 2.0):
        written(home, SquareRow(method="nsg", square=value), Trace(name="t", x="x", y="y", lines=()))
    return home


def damaged(home: Path, damage: Callable[[Path], object]) -> tuple[list[Record], list[str]]:
    """What is found where one of two records was damaged, and put right again."""
    victim = sorted(home.glob("2*"))[0]
    before = {path: path.read_bytes() for path in victim.iterdir()}
    try:
        damage(victim)
        found, faults = records_and_faults(home)
        for record in found:
            read_all(record)
        return found, faults
    finally:
        for path, content in before.items():
            path.write_bytes(content)


def read_all(record: Record) -> None:
    """Read what a record holds; InputError is all that may be raised."""
    for read in (record.rows, record.findings, record.first_findings, record.figures, lambda: record.status):
        with contextlib.suppress(InputError):
            read()
    with contextlib.suppress(InputError):
        record.typed_rows(toy.experiment())


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_record_damaged_in_any_field_hides_no_other(two_records: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["record.json", "rows.jsonl", "findings.json", "figures.jsonl"]))

    def damage(directory: Path) -> None:
        path = directory / name
        lines = path.read_text().split("\n") if name.endswith("l") else [path.read_text()]
        document = json.loads(lines[0])
        entry = document[0] if isinstance(document, list) and document else document
        if isinstance(entry, dict) and data.draw(st.booleans()):
            key = data.draw(st.sampled_from(sorted(entry)))
            entry[key] = data.draw(NOT_A_FIELD)
            if data.draw(st.booleans()):
                del entry[key]
        else:
            document = data.draw(NOT_A_FIELD)
        path.write_text(json.dumps(document) + "\n")

    found, faults = damaged(two_records, damage)
    assert len(found) + len(faults) == 2
    assert found


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_cut_and_flipped_bytes_hide_no_other_record_and_change_no_row(two_records: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["record.json", "rows.jsonl", "findings.json"]))

    def damage(directory: Path) -> None:
        content = bytearray((directory / name).read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= 1 << data.draw(st.integers(0, 7))
        (directory / name).write_bytes(content[:place] if data.draw(st.booleans()) else content)
        if name == "rows.jsonl":
            with pytest.raises(InputError, match="damaged or changed since"):
                Record(directory).rows()

    found, faults = damaged(two_records, damage)
    assert len(found) + len(faults) == 2
    assert found


@pytest.mark.parametrize("content", ["{}", "null", '{"started": 5}', "[" * 100_000])
def test_a_foreign_record_is_one_line(two_records: Path, content: str) -> None:
    found, faults = damaged(two_records, lambda directory: (directory / "record.json").write_text(content))
    assert (len(found), len(faults)) == (1, 1)
    assert "record.json" in faults[0]


def test_a_record_of_another_host_is_running_for_a_day_after_its_last_sign(two_records: Path) -> None:
    record = next(two_records.glob("2*"))
    content = json.loads((record / "record.json").read_text())
    changed = {**content, "status": "running", "process": {**content["process"], "host": "elsewhere"}}
    (record / "record.json").write_text(json.dumps(changed))
    assert Record(record).status == "running"
    for path in (record, *record.iterdir()):
        os.utime(path, (0, 0))
    assert Record(record).status == "killed"
    (record / "record.json").write_text(json.dumps(content))
