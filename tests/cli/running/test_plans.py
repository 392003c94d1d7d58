"""From a study's name and overrides to a checked plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.running.plans import RUN_KEYS, composition, keys_of, plan, plan_of
from experiments.lab import catalog
from experiments.lab.errors import InputError
from experiments.lab.plan import Settings


def test_a_plan_has_the_studys_numbers_and_the_overrides(toys: Path) -> None:
    found = plan("toys.count", ("rate=2", "seeds=3"))
    assert (found.params.steps, found.params.rate, found.params.sizes) == (3, 2.0, (1, 2))
    assert (list(found.seeds), found.settings.workers, found.smoke) == ([0, 1, 2], 1, False)
    assert found.command == ("mlnotes", "run", "toys.count", "rate=2", "seeds=3")
    assert found.experiment is catalog.load("toys.count")


def test_smoke_leaves_the_studys_numbers_out(toys: Path) -> None:
    found = plan("toys.count", ("rate=2",), smoke=True)
    assert (found.params.steps, found.params.rate, found.smoke) == (2, 2.0, True)
    assert found.command[-1] == "--smoke"


def test_a_further_study_is_a_plan_of_the_same_experiment(toys: Path) -> None:
    found = plan("toys.count_large")
    assert (found.study, found.name, found.params.steps, found.settings.seeds) == (
        "toys.count_large",
        "toys.count",
        9,
        2,
    )


def test_bad_parameters_are_told_before_anything_runs(toys: Path) -> None:
    with pytest.raises(InputError, match=r"unknown parameter stepps: did you mean steps\?"):
        plan("toys.count", ("stepps=3",))


def test_problems_of_settings_and_parameters_are_told_together(toys: Path) -> None:
    with pytest.raises(InputError) as caught:
        plan_of(catalog.find("toys.count"), {"seeds": 0, "steps": 1000})
    assert caught.value.problems == (
        "seeds: expected an integer from 1 to 10,000, got 0",
        "steps: expected an integer from 1 to 100, got 1000",
    )


def test_every_study_takes_its_parameters_and_what_all_studies_have(toys: Path) -> None:
    names = [field.name for field in keys_of(catalog.load("toys.count"))]
    assert names == ["steps", "rate", "sizes", "fault", *RUN_KEYS]
    assert RUN_KEYS == ("seed", "seeds", "workers", "parts", "until", "budget", "memory_limit", "sink")
    assert composition(catalog.find("toys.count")).defaults == {
        "steps": 2,
        "rate": 0.5,
        "sizes": [1, 2],
        "fault": "none",
        "seed": 0,
        "seeds": 1,
        "workers": 1,
        "parts": None,
        "until": "seeds",
        "budget": 600.0,
        "memory_limit": None,
        "sink": [],
    }
    assert Settings().parts is None
