"""Overrides as strangers type them: a plan or one line per problem, for every study, without running anything."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.exits import exit_code, explanation
from cli.running.plans import composition, keys_of, plan, plan_of
from experiments.lab.catalog import find, load, studies
from experiments.lab.errors import InputError
from experiments.lab.plan import Plan
from tests.cli.invoking import Invoke

NAMES = [study.name for study in studies()]
VALUES = st.one_of(
    st.sampled_from(["true", "null", "[]", "inf", "nan", "1e308", "5e-324", "1e400", "9" * 26, "9" * 5000, "-1", "0"]),
    st.sampled_from(
        ["a,b", "[1,a]", "{a:1}", "${oc.env:HOME}", "${x}", "choice(1,2)", "range(0,1e9)", "glob(*)", "'", '"']
    ),
    st.integers().map(str),
    st.floats().map(str),
    st.text(max_size=12),
    st.lists(st.one_of(st.integers(), st.floats(), st.booleans(), st.text("ab\\", max_size=3)), max_size=4).map(str),
)
STRANGE = st.sampled_from(
    ["x", "hydra.sweeper.params.n", "+a", "~seed", "++seeds", "experiment", "parts", "a" * 3000, ""]
)


@cache
def keys(name: str) -> list[str]:
    return [field.name for field in keys_of(load(find(name).experiment))]


def draw(data: st.DataObject) -> tuple[str, tuple[str, ...]]:
    name = data.draw(st.sampled_from(NAMES))
    key = st.one_of(st.sampled_from(keys(name)), STRANGE)
    pairs = data.draw(st.lists(st.tuples(key, VALUES), min_size=1, max_size=3))
    return name, tuple(f"{key}={value}" for key, value in pairs)


def planned_or_told(name: str, overrides: tuple[str, ...]) -> None:
    try:
        assert isinstance(plan(name, overrides, smoke=True), Plan)
    except InputError as error:
        assert error.problems  # noqa: PT017  # either may come
        assert exit_code(error) == 2  # noqa: PT017


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_overrides_of_any_study_are_a_plan_or_told(data: st.DataObject) -> None:
    planned_or_told(*draw(data))


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_thousand_random_overrides_are_a_plan_or_told(data: st.DataObject) -> None:
    planned_or_told(*draw(data))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_grids_are_points_or_told(data: st.DataObject) -> None:
    name, overrides = draw(data)
    try:
        points = composition(find(name), overrides, smoke=True).grid()
    except InputError:
        return
    for values in points[:3]:
        try:
            plan_of(find(name), values, smoke=True)
        except InputError:
            continue


REFUSED: list[tuple[str, str, str]] = [
    ("ann.nsg", "search_list_sizes=[]", "search_list_sizes: expected a list of: an integer"),
    ("seq.ewma", "processes=[]", "processes: expected a list of"),
    (
        "ann.msnet",
        "knn_k=9999999999999999999999999",
        "knn_k: expected numbers from 1e-100 to 1e+100 in size, got 99999",
    ),
    ("train.linear", "outlier_size=inf", "outlier_size: expected"),
    ("ann.voronoi", "box=5e-324", "box: expected numbers from 1e-100 to 1e+100 in size, got 5e-324"),
    ("ann.curse", "noise=1e308", "noise: expected"),
    ("math.norms", "seed=true", "seed: expected an integer from 0 to 2,147,483,647, got true"),
    ("math.norms", "experiment=os", "experiment: norms is one of its own"),
    ("math.norms", "seed=" + "9" * 5000, "seed=999"),
    ("seq.ewma", "data=it's.csv", "data=it's.csv: expected KEY=VALUE"),
    ("math.norms", "+hydra.sweeper.params.n=abc", ""),
    ("math.norms", "memory_limit=1", "memory_limit: expected an integer"),
]


@pytest.mark.parametrize(("name", "override", "problem"), REFUSED)
def test_values_that_compute_nothing_are_refused_with_the_key(name: str, override: str, problem: str) -> None:
    with pytest.raises(InputError) as raised:
        plan(name, (override,), smoke=True)
    assert any(line.startswith(problem) for line in raised.value.problems)
    assert all(len(line) < 900 for line in raised.value.problems)


@pytest.mark.parametrize("override", ["orders=[inf]", "scales=[1e-200]", "memory_limit=4GB", "memory_limit=null"])
def test_a_parameter_goes_as_far_as_its_default(override: str) -> None:
    assert plan("math.norms", (override,), smoke=True)


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("seed=range(0,1e9)", "expected 1 to 10,000 points, got 1,000,000,000"),
        ("seed=glob(*)", "expected 1 to 10,000 points, got 0"),
        ("hydra.sweeper._target_=os.system", "hydra.sweeper._target_=os.system: expected a sweeper that is installed"),
        ("hydra.launcher._target_=nope.x", "hydra.launcher._target_=nope.x: expected a launcher that is installed"),
    ],
)
def test_grids_that_cannot_be_run_are_refused_at_once(override: str, problem: str) -> None:
    with pytest.raises(InputError) as raised:
        composition(find("math.norms"), (override,), smoke=True).grid()
    assert raised.value.problems[0].startswith(problem)


@pytest.mark.parametrize("words", [("run", "math." + "n" * 300), ("judge", "j" * 5000), ("show", "2" * 5000)])
def test_names_longer_than_a_file_may_have_are_one_line(mlnotes: Invoke, words: tuple[str, ...]) -> None:
    result = mlnotes(*words)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert len(result.stderr) < 700


def test_control_codes_of_a_file_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[Any]) -> None:
    from cli.exits import complain

    complain(*explanation(InputError("a\x1b]0;owned\x07b\nc")))
    assert capsys.readouterr().err == "a?]0;owned?b?c\n"
