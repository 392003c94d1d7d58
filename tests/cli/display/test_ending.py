"""The last lines of a run: at most thirty at 80 columns, whatever there is to say."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper

import pytest

from cli.display.console import console_for
from cli.display.ending import LINES, Ending
from cli.display.grid import Cell, Grid, GridColumn
from experiments.lab.judge.judge import NOT_JUDGED
from tests.cli.display.test_claim_lines import FINDING, HE


def table(rows: int, columns: int = 2) -> Grid:
    names = GridColumn("Network", tuple(Cell(f"network {row}") for row in range(rows)), is_number=False)
    numbers = tuple(GridColumn(f"Value {n}", tuple(Cell("0.12345678") for _ in range(rows))) for n in range(columns))
    return Grid(title="Values", keys=(names,), columns=numbers, caption="mean over 5 seeds")


ENDING = Ending(
    question="Does it show?",
    answer="It shows.",
    status="done",
    seeds=5,
    seeds_done=5,
    smoke=False,
    findings=(FINDING, HE),
    headline=table(3),
    run="last",
    record="runs/20260101-000000-toys.shown-0000",
    figures=("plots/a.png", "plots/b.png"),
    seconds=7.25,
    advice="mlnotes show last --tables",
)


def lines(ending: Ending, width: int = 80, ascii_only: bool = False) -> list[str]:
    stream = TextIOWrapper(BytesIO(), encoding="ascii") if ascii_only else StringIO()
    console_for(stream, width=width).print(ending, crop=False)
    stream.seek(0)
    return [line.rstrip() for line in stream.read().splitlines()]


def test_the_ending_as_a_whole() -> None:
    assert lines(ENDING) == [
        "Does it show?",
        "It shows.",
        "",
        "Values",
        "Network       Value 0     Value 1",
        "─────────────────────────────────",
        "network 0  0.12345678  0.12345678",
        "network 1  0.12345678  0.12345678",
        "network 2  0.12345678  0.12345678",
        "mean over 5 seeds",
        "",
        "2 claims: 1 holds, 1 conditional",
        "~ conditional   ReLU keeps the gradient: holds only for relu, he",
        "✓ holds         ReLU keeps the gradient",
        "",
        "record   runs/20260101-000000-toys.shown-0000  (5 seeds, 7.25 s)",
        "figures  plots/a.png and 1 more there",
        "next     mlnotes show last --tables",
    ]


@pytest.mark.parametrize("claims", [0, 1, 5, 8, 12, 40])
@pytest.mark.parametrize("rows", [0, 1, 10, 11, 40])
@pytest.mark.parametrize("answer", ["It shows.", "It shows a lot of numbers. " * 12])
def test_whatever_there_is_to_say_fits_into_thirty_lines(claims: int, rows: int, answer: str) -> None:
    full = replace(ENDING, findings=(FINDING,) * claims, headline=table(rows, 12) if rows else None, answer=answer)
    printed = lines(full)
    assert len(printed) <= LINES
    assert all(len(line) <= 80 for line in printed)
    assert max(len(line) for line in lines(full, ascii_only=True)) <= 80


def test_the_table_gives_way_to_claims_and_says_what_it_left_out() -> None:
    printed = lines(replace(ENDING, headline=table(20, 9), findings=(FINDING,) * 8))
    assert "... 12 more rows and 4 more columns: mlnotes show last --tables" in printed
    assert sum(line.startswith("✓") for line in printed) == 8


def test_of_many_claims_the_surprises_are_shown_and_the_rest_is_counted() -> None:
    surprise = replace(FINDING, verdict="refuted")
    printed = lines(replace(ENDING, headline=table(10), findings=(*(FINDING,) * 20, surprise), run="2026"))
    assert printed[printed.index("21 claims: 20 hold, 1 refuted; 1 not as predicted") + 1].startswith("✗ refuted")
    (rest,) = (line for line in printed if line.endswith("more: mlnotes show 2026 --claims"))
    assert int(rest.split()[1]) + sum(line[:1] in "✓✗" for line in printed if line) == 21


def test_claims_for_the_full_study_have_no_line_of_their_own() -> None:
    waiting = replace(FINDING, verdict="not judged", summary=NOT_JUDGED.summary)
    elsewhere = replace(FINDING, verdict="not judged", summary="part laws was not run")
    printed = lines(replace(ENDING, smoke=True, findings=(FINDING, waiting, waiting, elsewhere)))
    assert printed[1] == "At smoke size: It shows."
    assert [line for line in printed if line.startswith("- ")] == [
        "- not judged    ReLU keeps the gradient: part laws was not run"
    ]


@pytest.mark.parametrize(
    ("done", "state"),
    [
        (2, "Interrupted: 2 of 5 seeds were complete."),
        (0, "Interrupted: 0 of 5 seeds were complete, so there is no answer yet."),
    ],
)
def test_how_far_an_interrupted_run_came_is_said(done: int, state: str) -> None:
    broken = replace(ENDING, status="interrupted", seeds_done=done, answer="It shows." if done else "")
    assert lines(broken)[1] == state
    assert broken.verdict_line().startswith(state)


def test_one_line_has_the_counts_and_the_answer() -> None:
    assert ENDING.verdict_line() == "2 claims: 1 holds, 1 conditional. It shows."
    assert replace(ENDING, findings=()).verdict_line() == "It shows."


def test_a_long_path_is_not_broken() -> None:
    path = "/a/rather/long/path" * 8
    assert any(path in line for line in lines(replace(ENDING, record=path)))


def test_many_reasons_not_to_judge_take_three_lines() -> None:
    reasons = tuple(replace(FINDING, claim=f"c{n}", verdict="not judged", summary=f"needs data {n}") for n in range(9))
    found = lines(replace(ENDING, findings=(FINDING, *reasons), headline=table(20)))
    assert len(found) <= LINES
    assert sum("needs data" in line for line in found) == 2
    assert any("... 7 more that were not judged: mlnotes show last --claims" in line for line in found)
