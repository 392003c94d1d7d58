"""Pages of toy studies: what they say, that they need nothing else, that data cannot write markup into them."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.page.text import visible
from experiments.lab.record import Record, records
from tests.cli.invoking import Invoke
from tests.cli.page.reading import Read, assert_stands_alone

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)> \x1b[2J\x1b]0;title\x07 $x$ {{ 7 * 7 }}'


def spoil(record: Record) -> None:
    """Write markup and control codes wherever a record holds text that comes from data."""
    meta = json.loads((record.path / "record.json").read_text())
    meta |= {"answer": HOSTILE, "notes": [HOSTILE], "command": ["mlnotes", HOSTILE]}
    meta["machine"]["processor"] = HOSTILE
    (record.path / "record.json").write_text(json.dumps(meta))
    rows = record.rows()
    for row in rows:
        row.update({key: HOSTILE for key in ("network", "law") if key in row})
    write_rows(record, rows)
    findings = record.findings()
    for finding in findings:
        finding |= {"statement": HOSTILE, "summary": HOSTILE, "datasets": [HOSTILE], "source": HOSTILE}
        finding["conditions"] = [{**one, "condition": HOSTILE} for one in finding["conditions"]]
    (record.path / "findings.json").write_text(json.dumps(findings))


def write_rows(record: Record, rows: list[dict[str, Any]]) -> None:
    """Other rows than the run wrote, without their digest, as a program that knew of none."""
    (record.path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    meta = json.loads((record.path / "record.json").read_text())
    meta.pop("rows", None)
    (record.path / "record.json").write_text(json.dumps(meta))


def test_page_says_question_answer_verdicts_rules_and_how_to_repeat(mlnotes: Invoke, page: Callable[..., Read]) -> None:
    assert mlnotes("run", "toys.squares").exit_code == 0
    found = page()
    assert_stands_alone(found)
    for said in (
        "Are squares rare?",
        "The law and 6 networks: holds.",
        "✓ 2 hold",
        "Networks learn.",
        "per network, an interval of the difference wholly below 0.01",
        "any other value than 1",
        "mlnotes run toys.squares share=0.25",
        "mlnotes run toys.squares seeds=6",
        "0 to 2",
        "Fermat",
    ):
        assert said in found.text
    assert found.tags.count("h1") == 1
    assert "script" not in found.tags


def test_conditions_stand_by_name_at_the_verdict(mlnotes: Invoke, page: Callable[..., Read]) -> None:
    mlnotes("run", "toys.squares", "share=0.0")
    text = page("toys.squares").text
    assert "~ depends not as predicted Networks learn. ✓ holds: wide ✗ refuted: deep" in text
    assert "Predicted: holds under wide, deep" in text


def test_record_is_inside_as_csv_and_json(mlnotes: Invoke, page: Callable[..., Read]) -> None:
    mlnotes("run", "toys.squares")
    files = [base64.b64decode(link.partition(",")[2]).decode() for link in page().links if link.startswith("data:")]
    laws, training, everything = files
    assert [row["holds"] for row in csv.DictReader(io.StringIO(laws))] == ["1", "1", "1"]
    assert len(list(csv.DictReader(io.StringIO(training)))) == 6
    held: dict[str, Any] = json.loads(everything)
    assert len(held["rows"]) == 9
    assert [one["verdict"] for one in held["findings"]] == ["holds", "holds"]
    assert "process" not in held
    assert "host" not in held["machine"]


def test_data_too_large_for_a_page_are_told(
    mlnotes: Invoke, page: Callable[..., Read], monkeypatch: pytest.MonkeyPatch
) -> None:
    mlnotes("run", "toys.squares")
    monkeypatch.setattr("cli.page.downloads.CSV_LIMIT", 10)
    found = page()
    assert "too large for a page; the rows are in rows.jsonl of record" in found.text
    assert sum(link.startswith("data:") for link in found.links) == 1


def test_markup_and_control_codes_in_data_are_text(mlnotes: Invoke, page: Callable[..., Read]) -> None:
    for name in ("squares", "count"):
        mlnotes("run", f"toys.{name}")
    for record in records():
        spoil(record)
    for words in (("toys.squares",), ("toys.count",), ("toys",), ("--all",)):
        found = page(*words)
        assert_stands_alone(found)
        assert "img" not in found.tags
        assert found.tags.count("script") == (words == ("--all",))
        assert visible(HOSTILE) in found.text
        assert "\x1b" not in "".join(found.texts)
        assert not any("\x1b" in value for _, value in found.attributes)


def test_figure_has_text_title_description_caption_and_numbers(mlnotes: Invoke, page: Callable[..., Read]) -> None:
    mlnotes("run", "toys.count_large")
    found = page()
    assert ("role", "img") in found.attributes
    assert ("aria-labelledby", "figure-toys.count_large-count-title figure-toys.count_large-count-description") in (
        found.attributes
    )
    assert "Lines of value over step. Value: from 0.5 at 0 to 4.5 at 8." in found.text
    assert "mean and 95 % interval over 2 seeds" in found.text
    assert "The same in numbers Value at values of step" in found.text


def test_unfinished_run_and_smoke_are_told_first(mlnotes: Invoke, page: Callable[..., Read]) -> None:
    mlnotes("run", "toys.count", "fault=crash")
    text = page().text
    assert "This run was not finished (failed)" in text
    mlnotes("run", "toys.count", "--smoke")
    assert "A run at smoke size" in page().text


def test_record_of_another_version_keeps_what_can_be_read(mlnotes: Invoke, page: Callable[..., Read]) -> None:
    mlnotes("run", "toys.squares")
    (record,) = records()
    write_rows(record, [{**row, "extra": 1} for row in record.rows()])
    findings = [{**finding, "mood": "good"} for finding in record.findings()]
    (record.path / "findings.json").write_text(json.dumps(findings))
    found = page()
    assert "Tables and figures are left out" in found.text
    assert "The verdicts are of another version: run `mlnotes judge" in found.text
    assert "The law and 6 networks" in found.text


def test_family_and_book_take_the_finished_full_run_of_every_study(mlnotes: Invoke, page: Callable[..., Read]) -> None:
    mlnotes("run", "toys.count")
    mlnotes("run", "toys.count", "--smoke")
    mlnotes("run", "toys.count", "steps=9")
    for words in (("toys",), ("--all",)):
        found = page(*words)
        assert_stands_alone(found)
        assert "Counting ends at 2." in found.text
        assert "toys.squares · not run here" in found.text
        assert "mlnotes run toys.squares" in found.text
    assert "Counting ends at 8." in page("toys.count").text


def test_book_of_nothing_lists_every_study(page: Callable[..., Read]) -> None:
    found = page("--all")
    assert_stands_alone(found)
    assert found.text.count("· not run here") == 3


def test_a_study_that_cannot_be_shown_does_not_take_the_book_with_it(
    mlnotes: Invoke, page: Callable[..., Read], monkeypatch: pytest.MonkeyPatch
) -> None:
    mlnotes("run", "toys.count")

    def broken(*args: object) -> None:
        raise RuntimeError("no picture")

    monkeypatch.setattr("cli.page.story.figure_views", broken)
    assert "Its record cannot be shown: RuntimeError: no picture" in page("--all").text


def test_page_lies_beside_the_record_or_where_the_user_says(toys: Path, mlnotes: Invoke, tmp_path: Path) -> None:
    mlnotes("run", "toys.count")
    (record,) = records()
    assert mlnotes("report").stdout.split() == ["page:", str(record.path / "page.html")]
    assert mlnotes("report", "toys.count", "-o", str(tmp_path / "own.html")).exit_code == 0
    assert (tmp_path / "own.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("toys.cout",), "nor is toys.cout a study or a family: did you mean toys.count?"),
        (("toys.squares",), "no run of toys.squares yet: run `mlnotes run toys.squares` first"),
        (("toys.count", "--all"), "expected a name or --all, got toys.count and --all"),
        (("toys.count", "-o", "nowhere/page.html"), "-o nowhere/page.html: expected a file in a folder that exists"),
    ],
)
def test_what_cannot_be_written_is_said_in_a_line(
    squares: Path, mlnotes: Invoke, words: tuple[str, ...], problem: str
) -> None:
    mlnotes("run", "toys.count")
    result = mlnotes("report", *words)
    assert result.exit_code == 2
    assert problem in result.stderr


def test_open_shows_the_page(toys: Path, mlnotes: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    mlnotes("run", "toys.count")
    mlnotes("report", "--open")
    assert opened == [(records()[0].path / "page.html").resolve().as_uri()]
