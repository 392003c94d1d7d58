"""Composition by Hydra, and the contract of its semi-public parts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser

from cli.compose import Composition
from cli.points import SweepPoint
from experiments.lab.errors import InputError

DEFAULTS: dict[str, object] = {
    "depth": 1,
    "loss": "mse",
    "lr": 0.1,
    "sizes": [1, 2],
    "clip": None,
    "seed": 0,
    "parts": None,
}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study in a family that is called like one of its parameters."""
    path = tmp_path / "conf" / "loss" / "toy.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("# @package _global_\n# Toy.\nexperiment: loss.toy\ndepth: 5\n")
    return path


def composed(study: Path, *overrides: str, smoke: bool = False) -> dict[str, object]:
    return Composition(study, DEFAULTS, overrides, smoke).values()


def problems(study: Path, *overrides: str) -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        composed(study, *overrides)
    return caught.value.problems


def test_the_yaml_lies_over_the_defaults(study: Path) -> None:
    assert composed(study) == {**DEFAULTS, "depth": 5}


def test_without_overrides_hydra_is_not_needed(study: Path) -> None:
    study.write_text(f"{study.read_text()}sizes: [3]\nclip: 1.0e-3\nlr: ${{clip}}\n")
    plain = Composition(study, DEFAULTS).plain_values()
    assert plain == composed(study) == {**DEFAULTS, "depth": 5, "sizes": [3], "clip": 1e-3, "lr": 1e-3}
    assert Composition(study, DEFAULTS, ("depth=7",)).plain_values()["depth"] == 7
    assert Composition(study, DEFAULTS, smoke=True).plain_values() == composed(study, smoke=True) == DEFAULTS
    study.write_text(f"{study.read_text()}dpeth: 3\n")
    with pytest.raises(InputError, match=r"toy\.yaml: .*dpeth"):
        Composition(study, DEFAULTS).plain_values()


def test_smoke_leaves_the_yaml_out_and_keeps_overrides(study: Path) -> None:
    assert composed(study, "lr=1e-3", smoke=True) == {**DEFAULTS, "lr": 0.001}


def test_overrides_are_plain_values(study: Path) -> None:
    values = composed(study, "sizes=[3]", "clip=2.5", "loss=mae", "lr=${depth}")
    assert values == {**DEFAULTS, "depth": 5, "sizes": [3], "clip": 2.5, "loss": "mae", "lr": 5}
    assert type(values["sizes"]) is list


def test_a_parameter_called_like_a_family_is_no_option_group(study: Path) -> None:
    (study.parent.parent / "depth").mkdir()
    assert composed(study, "loss=mae", "depth=2")["loss"] == "mae"


def test_every_misspelt_key_is_told_with_the_key_that_was_meant(study: Path) -> None:
    assert problems(study, "depht=3", "los=mae", "lr=1") == (
        "unknown parameter depht: did you mean depth?",
        "unknown parameter los: did you mean loss?",
    )


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("depth=1,2", "depth=1,2: expected one value; write depth=[1,2] for a list, or add -m to run every value"),
        ("seed=range(0,3)", "seed=range(0,3): expected one value; add -m to run every value"),
        ("depth", "depth: expected KEY=VALUE, missing EQUAL at '<EOF>'"),
        ("=3", "=3: expected KEY=VALUE"),
        ("depth=[1,", "depth=[1,: expected KEY=VALUE, no viable alternative at input '[1,'"),
    ],
)
def test_an_override_that_cannot_be_is_one_line(study: Path, override: str, message: str) -> None:
    assert problems(study, override) == (message,)


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("parts=laws", "laws"),
        ("parts=laws,training", ["laws", "training"]),
        ("parts=[laws,training]", ["laws", "training"]),
        ("parts=null", None),
    ],
)
def test_parts_are_the_one_list_that_needs_no_brackets(study: Path, override: str, parts: object) -> None:
    assert composed(study, override) == {**DEFAULTS, "depth": 5, "parts": parts}


def test_in_a_sweep_the_commas_of_parts_separate_points(study: Path) -> None:
    points = Composition(study, DEFAULTS, ("parts=laws,training",)).grid()
    assert [point["parts"] for point in points] == ["laws", "training"]
    (both,) = Composition(study, DEFAULTS, ("parts=[laws,training]",)).grid()
    assert both["parts"] == ["laws", "training"]


def test_parts_are_not_blamed_for_what_another_override_breaks(study: Path) -> None:
    assert problems(study, "parts=laws,training", "depht=3") == ("unknown parameter depht: did you mean depth?",)


def test_a_missing_interpolation_is_one_line(study: Path) -> None:
    (line,) = problems(study, "lr=${nothing}")
    assert line.startswith("Interpolation key 'nothing' not found")


def test_the_grid_has_every_point_in_order(study: Path) -> None:
    points = Composition(study, DEFAULTS, ("loss=mse,mae", "seed=range(0,2)")).grid()
    assert [(point["loss"], point["seed"], point["depth"]) for point in points] == [
        ("mse", 0, 5),
        ("mse", 1, 5),
        ("mae", 0, 5),
        ("mae", 1, 5),
    ]


def test_the_grid_names_misspelt_keys_and_impossible_sweeps(study: Path) -> None:
    with pytest.raises(InputError, match="unknown parameter los: did you mean loss"):
        Composition(study, DEFAULTS, ("los=mse,mae", "depth=1,2")).grid()
    with pytest.raises(InputError, match="does not support sweep type"):
        Composition(study, DEFAULTS, ("lr=interval(0,1)",)).grid()
    with pytest.raises(InputError, match="Could not find 'hydra/launcher/nowhere'"):
        Composition(study, DEFAULTS, ("depth=1,2", "hydra/launcher=nowhere")).grid()


def number_and_depth(point: SweepPoint) -> tuple[int, object, tuple[str, ...], Path]:
    return point.number, point.values["depth"], point.overrides, point.directory


def test_a_sweep_calls_the_job_at_every_point_and_writes_only_its_plan(
    study: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "a sweep, x=1"
    jobs = Composition(study, DEFAULTS, ("depth=1,2", "lr=1")).sweep(directory, number_and_depth)
    assert jobs == [(0, 1, ("depth=1", "lr=1"), directory), (1, 2, ("depth=2", "lr=1"), directory)]
    assert [path.name for path in directory.iterdir()] == ["multirun.yaml"]
    out, err = capfd.readouterr()
    assert out == ""
    assert "Launching 2 jobs locally" in err


def test_hydras_semi_public_parts_are_as_compose_expects() -> None:
    parsed = OverridesParser.create().parse_overrides(["a=1,2", "b=3"])
    assert BasicSweeper.split_arguments(parsed, None) == [[["a=1", "b=3"], ["a=2", "b=3"]]]
