"""Runs from Python: the same as the command's, as values, frames, figures and in a notebook."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mlnotes


def test_a_run_has_what_the_command_line_shows(squares: Path) -> None:
    run = mlnotes.run("toys.squares", share=0.9)
    assert run.question == "Are squares rare?"
    assert run.answer == "The law and 6 networks: holds."
    assert run.params.share == 0.9
    assert {claim: finding.verdict for claim, finding in run.findings.items()} == {
        "laws_hold": "holds",
        "networks_learn": "holds",
    }
    assert [row.seed for row in run.rows["laws"]] == [0, 1, 2]
    assert run.outcome.plan.command == ("mlnotes", "run", "toys.squares", "share=0.9")


def test_a_stored_run_is_the_same(squares: Path) -> None:
    run = mlnotes.run("toys.squares", smoke=True)
    loaded = mlnotes.load("last")
    assert (loaded.path, loaded.answer, loaded.findings, loaded.rows) == (
        run.path,
        run.answer,
        run.findings,
        run.rows,
    )
    assert (
        repr(loaded)
        == repr(run)
        == (f"<Run of toys.squares, done: 2 claims: 1 holds, 1 not judged; exploratory; {run.path}>")
    )


def test_a_frame_has_the_columns_of_its_part(squares: Path) -> None:
    run = mlnotes.run("toys.squares", smoke=True, seeds=2)
    training = run.frame("training")
    assert training.groupby("network")["accuracy"].mean().to_dict() == {"deep": 0.501, "wide": 0.601}
    assert training.dtypes["seed"] == np.int64
    assert run.frame()["part"].value_counts().to_dict() == {"training": 4, "laws": 2}
    assert isinstance(run.frame("laws"), pd.DataFrame)


def test_a_frame_of_a_part_that_is_not_there_is_refused(squares: Path) -> None:
    with pytest.raises(mlnotes.InputError, match="no part lawes in this run: did you mean laws"):
        mlnotes.run("toys.squares", smoke=True).frame("lawes")


def test_a_frame_without_pandas_names_the_extra(squares: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = mlnotes.run("toys.squares", smoke=True)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(mlnotes.InputError, match=r"pip install 'mlnotes\[tables\]'"):
        run.frame()


def test_a_plot_is_the_record_s_figure(toys: Path) -> None:
    run = mlnotes.run("toys.count")
    assert run.plots == ("count",)
    (axes,) = run.plot("count").axes
    assert next(line.get_ydata() for line in axes.get_lines()) == pytest.approx([0, 0.5, 1.0])
    with pytest.raises(mlnotes.InputError, match="no figure cuont: did you mean count"):
        run.plot("cuont")


def test_unusable_parameters_are_told_one_per_line(toys: Path) -> None:
    with pytest.raises(mlnotes.InputError) as caught:
        mlnotes.run("toys.count", setps=3, rate="fast")
    assert [line.partition(":")[0] for line in caught.value.problems] == ["rate", "unknown parameter setps"]


def test_a_notebook_shows_answer_headline_and_findings_as_text(squares: Path) -> None:
    html = mlnotes.run("toys.squares", smoke=True)._repr_html_()
    assert "<strong>Are squares rare?</strong>" in html
    assert "Accuracy" in html
    assert "Laws hold." in html
