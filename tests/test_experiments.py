"""Every study at smoke size, whatever it is: a new experiment needs no test of its own to be covered here."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest

from cli.plans import plan
from experiments.lab import catalog
from experiments.lab.catalog import Study
from experiments.lab.params import parameter_fields
from experiments.lab.runner import Finished, check, execute

STUDIES = catalog.studies()
each_study = pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
each_experiment = pytest.mark.parametrize("name", sorted({study.experiment for study in STUDIES}))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@each_experiment
def test_an_experiment_runs_at_smoke_size(name: str, home: Path) -> None:
    *_, finished = execute(plan(name, smoke=True), home=home)
    assert isinstance(finished, Finished)
    assert finished.rows, "no rows"
    experiment = catalog.load(name)
    assert all(type(row) is experiment.row for row in finished.rows)
    for column in dataclasses.fields(experiment.row):
        values = [getattr(row, column.name) for row in finished.rows]
        assert not all(isinstance(value, float) and math.isnan(value) for value in values), (
            f"{column.name} is never known"
        )
    assert len(finished.findings) == len(experiment.claims)
    for finding in finished.findings:
        json.dumps(finding.to_json(), allow_nan=False)
        if finding.kind in ("theorem", "fact"):
            assert finding.as_predicted, finding.summary


@each_experiment
def test_an_experiment_says_what_it_stands_on(name: str) -> None:
    experiment = catalog.load(name)
    study = next(study for study in STUDIES if study.experiment == name)
    assert study.question.endswith("?")
    assert "Notes:" in study.docstring
    assert "Source:" in study.docstring
    assert experiment.claims
    assert experiment.tables
    assert all(field.meaning for field in parameter_fields(experiment.params)), "a parameter without its meaning"


@each_experiment
def test_tables_and_curves_name_columns_that_exist(name: str) -> None:
    experiment = catalog.load(name)
    columns = {field.name for field in dataclasses.fields(experiment.row)}
    for table in experiment.tables:
        assert {*table.by, *table.columns} <= columns
    for curve in experiment.curves:
        assert {curve.x, curve.y, *filter(None, (curve.group,))} <= columns


@each_study
def test_a_study_composes_and_says_what_it_measures(study: Study) -> None:
    check(plan(study.name))
    assert study.summary
    assert study.config.read_text().startswith("# @package _global_\n")
    assert study.module.is_file(), "a yaml without its experiment"


def test_every_experiment_has_the_study_of_its_name() -> None:
    modules = {
        f"{path.parent.name}.{path.stem}"
        for path in catalog.EXPERIMENTS.glob("*/*.py")
        if "\nEXPERIMENT = " in path.read_text(encoding="utf-8")
    }
    assert modules == {study.name for study in STUDIES if study.name == study.experiment}
