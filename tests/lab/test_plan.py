"""A plan: settings checked, parts by name, and what the record says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from experiments.lab.errors import InputError
from experiments.lab.experiment import Own, Rows
from experiments.lab.params import validate
from experiments.lab.plan import Settings
from tests.lab import toy


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ("laws", ("laws",)),
        ("laws,training", ("laws", "training")),
        (["laws", "training"], ("laws", "training")),
        (None, None),
    ],
)
def test_parts_are_given_as_a_list_or_as_words(given: Any, parts: tuple[str, ...] | None) -> None:
    assert validate(Settings, {"parts": given}).parts == parts


def test_settings_out_of_range_are_a_line_each() -> None:
    with pytest.raises(InputError) as caught:
        validate(Settings, {"seeds": 0, "seed": -1, "workers": "many", "parts": 3})
    assert caught.value.problems == (
        "seed: expected an integer from 0 to 2,147,483,647, got -1",
        "seeds: expected an integer from 1 to 10,000, got 0",
        "workers: expected an integer from 1 to 256, got 'many'",
        "parts: expected a list of: text or null, got 3",
    )


def test_all_parts_run_by_default_and_those_that_are_named_in_the_order_of_the_experiment() -> None:
    assert toy.plan(parts=None).parts == ("count", "squares")
    assert toy.plan(parts=("squares", "count")).parts == ("count", "squares")
    assert toy.plan(parts=("squares",)).parts == ("squares",)


def test_an_unknown_part_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        toy.plan(parts=("counts", "squares", "zzz"))
    assert caught.value.problems == (
        "parts: unknown part counts: did you mean count?",
        "parts: unknown part zzz: expected one of count, squares",
    )


def test_no_part_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="parts: expected one or more of count, squares, got none"):
        toy.plan(parts=())


def test_seeds_rise_from_the_first() -> None:
    assert list(toy.plan(seed=5, seeds=3).seeds) == [5, 6, 7]


@pytest.mark.parametrize(("typed", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400), (30, 30)])
def test_a_budget_is_a_time(typed: object, seconds: float) -> None:
    assert toy.plan(budget=typed).settings.budget == seconds


def test_looks_share_the_level() -> None:
    schedule = toy.plan(seed=7, seeds=3, until="decided").schedule
    assert [list(seeds)[-1] for seeds, _ in schedule] == [9, 12, 18, 30, 54]
    assert sum(level for _, level in schedule) == pytest.approx(0.05)


def test_a_plan_says_what_it_is_as_plain_values() -> None:
    assert toy.plan(seeds=2, smoke=True).about() == {
        "experiment": "lab.count",
        "study": "lab.count",
        "params": {"steps": 3},
        "settings": {
            "seed": 0,
            "seeds": 2,
            "workers": 1,
            "parts": ["count"],
            "until": "seeds",
            "budget": 600.0,
            "memory_limit": None,
            "sink": [],
        },
        "seeds": [0, 1],
        "parts": ["count"],
        "smoke": True,
        "level": 0.05,
        "command": ["mlnotes", "run", "lab.count"],
    }


def test_a_file_of_the_users_is_measured_once_by_its_parts_and_without_claims() -> None:
    own: Own[Any] = Own(given=lambda params: params.steps == 3, parts=("squares",))
    plan = toy.plan(seeds=5, seed=2, parts=None)
    plan = replace(plan, experiment=replace(plan.experiment, own=own))
    assert (plan.seeds, plan.parts, plan.asked(Rows({}))) == (range(2, 3), ("squares",), [])
    assert replace(plan, settings=replace(plan.settings, parts=("count",))).parts == ("count",)
    others = replace(plan, params=replace(plan.params, steps=4))
    assert (others.seeds, others.parts) == (range(2, 7), ("count", "squares"))
    assert others.asked(Rows({}))
