"""From a study's name and KEY=VALUE overrides to a checked plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from cli.compose import Composition
from experiments.lab import catalog
from experiments.lab.catalog import Study
from experiments.lab.errors import InputError
from experiments.lab.experiment import Experiment
from experiments.lab.params import ParameterField, defaults, parameter_fields, validate
from experiments.lab.plan import Plan, Settings
from experiments.lab.sealing.standing import confirming

RUN_KEYS = tuple(field.name for field in dataclasses.fields(Settings))
"""Keys that every study has besides its Params."""


def keys_of(experiment: Experiment[Any, Any]) -> tuple[ParameterField, ...]:
    """Every key that a study takes: its Params, then what all studies have."""
    return (*parameter_fields(experiment.params), *parameter_fields(Settings))


def composition(study: Study, overrides: tuple[str, ...] = (), *, smoke: bool = False) -> Composition:
    """What Hydra composes for a study."""
    legal = defaults(keys_of(catalog.load(study.experiment)))
    return Composition(config=study.config, defaults=legal, overrides=overrides, smoke=smoke)


def plan_of(study: Study, values: Mapping[str, object], *, smoke: bool = False, command: tuple[str, ...] = ()) -> Plan:
    """The plan of composed values.

    Raises:
        InputError: one line per parameter that cannot be.
    """
    experiment = catalog.load(study.experiment)
    settings, params = Settings(), None
    problems: list[str] = []
    try:
        settings = validate(Settings, {key: value for key, value in values.items() if key in RUN_KEYS})
    except InputError as error:
        problems += error.problems
    try:
        params = validate(experiment.params, {key: value for key, value in values.items() if key not in RUN_KEYS})
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(*problems)
    return Plan(
        study=study.name,
        name=study.experiment,
        experiment=experiment,
        params=params,
        settings=settings,
        smoke=smoke,
        command=command,
    )


def plan(name: str, overrides: tuple[str, ...] = (), *, smoke: bool = False, confirm: bool = False) -> Plan:
    """The plan of ``mlnotes run NAME KEY=VALUE...``; one that confirms takes a look at fresh seeds.

    Raises:
        InputError: no such study, one line per parameter that cannot be, or nothing that can be confirmed.
    """
    study = catalog.find(name)
    values = composition(study, overrides, smoke=smoke).values()
    command = command_of(name, overrides, *(["--confirm"] if confirm else []), smoke=smoke)
    found = plan_of(study, values, smoke=smoke, command=command)
    return confirming(found, own_parts=plan_as_it_stands(name).settings.parts) if confirm else found


def plan_as_it_stands(name: str, *, smoke: bool = False) -> Plan:
    """The plan of ``mlnotes run NAME``, without an override.

    Raises:
        InputError: no such study.
    """
    study = catalog.find(name)
    values = composition(study, smoke=smoke).plain_values()
    return plan_of(study, values, smoke=smoke, command=command_of(name, (), smoke=smoke))


def command_of(name: str, overrides: tuple[str, ...], *options: str, smoke: bool = False) -> tuple[str, ...]:
    """What the user typed."""
    return ("mlnotes", "run", name, *options, *overrides, *(("--smoke",) if smoke else ()))
