"""Every experiment at smoke size, whatever it is: a new one needs no test of its own to be covered here."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.display.tables import headline
from cli.docstring import about
from cli.running.plans import plan
from experiments.lab import catalog
from experiments.lab.catalog import Study
from experiments.lab.experiment import Experiment, Rows, columns_of
from experiments.lab.judge.judge import Finding
from experiments.lab.judge.rules import Under
from experiments.lab.judge.verdict import EXACT_KINDS
from experiments.lab.params import parameter_fields
from experiments.lab.record import Record, encode
from experiments.lab.recording import Recording
from experiments.lab.runner import execute
from experiments.lab.sinks import Outcome

STUDIES = catalog.studies()
EXPERIMENTS = {study.experiment: study for study in STUDIES if study.name == study.experiment}
LONGEST_ANSWER = 400
MOST_LINES = 10

MAY_BE_EMPTY = {
    "control_error": "the control of a statement may be tried in rows of its own",
    "counterexample": "a statement that holds has none",
}
"""Columns that may be empty in every row of a part, and why."""


def parts_of(study: Study) -> list[str]:
    """The names of the parts as text, so that naming the tests imports no experiment."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in study.files)
    return re.findall(r"\bPart\(\s*name=\"([^\"]+)\"", text)


each_study = pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
each_experiment = pytest.mark.parametrize("name", EXPERIMENTS)
each_part_of_several = pytest.mark.parametrize(
    ("name", "part"),
    [(name, part) for name, study in EXPERIMENTS.items() if len(parts_of(study)) > 1 for part in parts_of(study)],
)


def smoke(name: str, home: Path, *overrides: str) -> tuple[Outcome, Record]:
    recording = Recording(home=home)
    outcome = execute(plan(name, overrides, smoke=True), (recording,))
    assert outcome is not None, "it yields nothing"
    assert recording.record is not None
    return outcome, recording.record


# what is checked of a run


def check_rows(experiment: Experiment[Any, Any], rows: Rows, parts: list[str]) -> None:
    assert list(rows.by_part) == parts
    for name in parts:
        part, of_part = experiment.part(name), rows.by_part[name]
        assert of_part, f"part {name} yields no row"
        assert {type(row) for row in of_part} == {part.row}, f"part {name} yields rows of another part"
        empty = [column for column in columns_of(part.row) if all(is_empty(getattr(row, column)) for row in of_part)]
        unexplained = sorted(set(empty) - set(MAY_BE_EMPTY))
        assert not unexplained, f"part {name}: {', '.join(unexplained)} is empty in every row"


def is_empty(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def check_findings(experiment: Experiment[Any, Any], findings: tuple[Finding, ...]) -> None:
    assert [finding.claim for finding in findings] == [claim.name for claim in experiment.all_claims]
    for finding in findings:
        json.dumps(finding.to_json(), allow_nan=False)
        assert not re.match(r"\w*(Error|Exception)\b", finding.summary), f"{finding.claim}: {finding.summary}"
        if is_exact(finding):
            assert finding.as_predicted, f"{finding.claim}: {finding.summary}"


def is_exact(finding: Finding) -> bool:
    """Whether chance has no part in the verdict, or in that of any of its conditions."""
    kinds = {condition.kind for condition in finding.conditions} or {finding.kind}
    return kinds <= set(EXACT_KINDS)


def check_answer(answer: str) -> None:
    assert not answer.startswith(("No answer", "Not answered")), answer
    assert len(answer) <= LONGEST_ANSWER, f"{len(answer)} characters: {answer}"
    assert answer.endswith("."), answer
    assert re.search(r"\d", answer), f"no number in it: {answer}"
    assert not re.search(r"\bnan\b", answer, re.IGNORECASE), answer
    assert "\n" not in answer


def check_headline(experiment: Experiment[Any, Any], rows: Rows) -> None:
    shown = headline(experiment, rows)
    assert shown is not None, "the headline has no row"
    assert 1 <= len(shown.columns[0].cells) <= MOST_LINES


def check_record(record: Record, outcome: Outcome) -> None:
    assert (record.status, record.meta["answer"]) == ("done", outcome.answer)
    assert len(record.findings()) == len(outcome.findings)
    stored = record.typed_rows(outcome.plan.experiment).by_part
    assert encode(stored) == encode(outcome.rows.by_part)


# the tests


@each_experiment
def test_an_experiment_runs_at_smoke_size(name: str, tmp_path: Path) -> None:
    outcome, record = smoke(name, tmp_path)
    experiment = outcome.plan.experiment
    check_rows(experiment, outcome.rows, [part.name for part in experiment.parts])
    check_findings(experiment, outcome.findings)
    check_answer(outcome.answer)
    check_headline(experiment, outcome.rows)
    check_record(record, outcome)


@each_part_of_several
def test_a_part_runs_alone(name: str, part: str, tmp_path: Path) -> None:
    outcome, record = smoke(name, tmp_path, f"parts={part}")
    check_rows(outcome.plan.experiment, outcome.rows, [part])
    check_findings(outcome.plan.experiment, outcome.findings)
    check_record(record, outcome)
    assert not outcome.answer.startswith("No answer"), outcome.answer
    for finding in outcome.findings:
        if finding.part not in ("", part):
            assert (finding.verdict, finding.summary) == ("not judged", f"part {finding.part} was not run")


@each_experiment
def test_an_experiment_says_what_it_stands_on(name: str) -> None:
    experiment, study = catalog.load(name), EXPERIMENTS[name]
    assert experiment.about.strip() == study.docstring.strip()
    assert experiment.question == study.question
    assert study.question.endswith("?")
    assert about(study.docstring).topics
    assert about(study.docstring).sources
    meaningless = [field.name for field in parameter_fields(experiment.params) if not field.meaning]
    assert not meaningless, f"parameters without a meaning: {', '.join(meaningless)}"


@each_experiment
def test_an_experiment_claims_and_shows_what_it_measures(name: str) -> None:
    experiment = catalog.load(name)
    assert sorted(parts_of(EXPERIMENTS[name])) == sorted(part.name for part in experiment.parts)
    for part in experiment.parts:
        used = part.tables or part.curves or part.claims or experiment.claims
        assert used, f"part {part.name} is measured for nothing"
    names = [claim.name for claim in experiment.all_claims]
    assert names
    assert len(set(names)) == len(names)
    for claim in experiment.all_claims:
        assert all((claim.statement.endswith("."), claim.topic, claim.source, claim.rule.sentence())), claim.name
        if isinstance(claim.predicted, Mapping):
            assert claim.kind == "conditional", claim.name
        if isinstance(claim.rule, Under) and isinstance(claim.predicted, Mapping):
            assert all(claim.rule.rules[condition].sentence() for condition in claim.predicted), claim.name


@each_experiment
def test_tables_curves_and_headline_name_columns_that_exist(name: str) -> None:
    experiment = catalog.load(name)
    assert experiment.headline.part in experiment.parts
    for part in experiment.parts:
        columns = set(columns_of(part.row))
        headlines = [experiment.headline.table] if experiment.headline.part is part else []
        for table in (*part.tables, *headlines):
            assert {*table.by, *table.columns, *table.only} <= columns, table.title
        for curve in part.curves:
            assert {curve.x, curve.y, *filter(None, (curve.group,)), *curve.only} <= columns, curve.name
    curves = [curve.name for part in experiment.parts for curve in part.curves]
    assert len(set(curves)) == len(curves), "two curves of one name would share a file"


@each_study
def test_a_study_composes_and_says_what_it_measures(study: Study) -> None:
    plan(study.name)
    assert study.summary
    assert study.config.read_text().startswith("# @package _global_\n")
    assert study.module.is_file(), "a yaml without its experiment"
    assert study.experiment in EXPERIMENTS


def test_every_experiment_has_the_study_of_its_name() -> None:
    home = catalog.EXPERIMENTS
    files = {f"{file.parent.name}.{file.stem}": file for file in home.glob("*/*.py")}
    folders = {f"{file.parents[1].name}.{file.parent.name}": file for file in home.glob("*/*/__init__.py")}
    modules = {
        name for name, file in (files | folders).items() if "\nEXPERIMENT = " in file.read_text(encoding="utf-8")
    }
    assert modules == set(EXPERIMENTS)
