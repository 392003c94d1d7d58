"""Recipes and checkpoints of train.mnist: resumed bit by bit, or refused in one line."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from experiments.foundation.networks.checkpoint import save_checkpoint
from experiments.foundation.networks.recipe import Recipe
from experiments.lab.errors import InputError
from experiments.train.mnist import arms
from experiments.train.mnist.params import Params
from experiments.train.mnist.setup import prepare
from tests.train.mnist.trainings import FAST, SMALL, events, interrupted, rows

OTHER = Params(
    model="linear",
    epochs=7,
    batch_size=9,
    accumulate=2,
    optimizer="sgd",
    lr=0.5,
    schedule="cosine",
    warmup=0.3,
    momentum=0.1,
    weight_decay=0.2,
    clip=3.0,
    label_smoothing=0.4,
    shift=2,
    average=0.6,
    early_stop=4,
    compile=True,
)
"""Every field of a recipe is another than its default."""


def test_a_recipe_takes_every_field_from_the_parameters() -> None:
    recipe, default = arms.make_recipe(OTHER, 100), Recipe(epochs=0)
    for field in fields(Recipe):
        chosen = getattr(recipe, field.name)
        assert chosen == getattr(OTHER, field.name)
        assert chosen != getattr(default, field.name), f"{field.name} is that of a default: the test sees nothing"


def test_without_epochs_a_recipe_sees_60_000_images() -> None:
    assert arms.make_recipe(replace(OTHER, epochs=None), 1437).epochs == 42
    assert arms.make_recipe(replace(OTHER, epochs=None), 100_000).epochs == 1


def test_the_identity_of_a_training_is_every_parameter_but_the_named_ones() -> None:
    images = prepare(Params(**SMALL, early_stop=5), 3)
    arm, _ = arms.asked(images.params, images.split, 3, images.group)
    named = {field.name for field in fields(Params)} - set(arms.NO_IDENTITY)
    assert set(arms.identity(arm)) == named | {"seed"}
    assert set(arms.NO_IDENTITY) < {field.name for field in fields(Params)}


@pytest.mark.parametrize(
    "setting",
    [
        {"model": "linear", "precision": "32"},
        {"model": "cnn", "precision": "16"},
        {"model": "quick", "precision": "16", **FAST},
        {"early_stop": 5, "validation": 0.3},
    ],
)
def test_resumed_run_equals_uninterrupted_run(tmp_path: Path, setting: dict[str, Any]) -> None:
    whole = rows(events(**setting))
    first = interrupted(tmp_path / "checkpoint.pt", **setting)
    rest = rows(events(resume=str(tmp_path), **setting))
    assert [row.measured for row in first + rest] == [row.measured for row in whole]


@pytest.mark.parametrize(
    ("saved", "changed", "refusal"),
    [
        ({}, {"model": "mlp"}, "has model=linear, this run model=mlp; set model=linear"),
        (FAST, {**FAST, "momentum": 0.5}, "has momentum=0.85, this run momentum=0.5; set momentum=0.85"),
        (
            {"early_stop": 5, "validation": 0.1},
            {"early_stop": 5, "validation": 0.4},
            "has validation=0.1, this run validation=0.4; set validation=0.1",
        ),
    ],
)
def test_resuming_another_training_names_the_parameter(
    tmp_path: Path, saved: dict[str, Any], changed: dict[str, Any], refusal: str
) -> None:
    """Another share of validation images would train on former ones."""
    interrupted(tmp_path / "checkpoint.pt", **saved)
    with pytest.raises(InputError) as caught:
        events(resume=str(tmp_path), **changed)
    assert caught.value.problems == (f"resume={tmp_path / 'checkpoint.pt'} {refusal}",)


def test_without_early_stopping_the_share_of_validation_images_does_not_matter(tmp_path: Path) -> None:
    interrupted(tmp_path / "checkpoint.pt", validation=0.1)
    assert len(rows(events(resume=str(tmp_path), validation=0.4))) == 1


@pytest.mark.parametrize("early_stop", [None, 5])
def test_a_checkpoint_of_the_first_version_is_resumed_or_refused_in_one_line(
    tmp_path: Path, early_stop: int | None
) -> None:
    """It did not say its share of validation images."""
    path = tmp_path / "checkpoint.pt"
    interrupted(path, early_stop=early_stop)
    content = torch.load(path, weights_only=True)
    content["description"].pop("validation", None)
    save_checkpoint(path, content["state"], content["description"])
    if early_stop is None:
        assert len(rows(events(resume=str(path)))) == 1
        return
    with pytest.raises(InputError) as caught:
        events(resume=str(path), early_stop=early_stop)
    assert caught.value.problems == (
        f"resume={path} does not say its validation: an earlier version saved it; train anew",
    )


def test_resuming_a_finished_run_asks_for_more_epochs(tmp_path: Path) -> None:
    interrupted(tmp_path / "checkpoint.pt", epochs=1)
    with pytest.raises(InputError, match="has done 1 of 1 epochs; set epochs to more"):
        events(resume=str(tmp_path), epochs=1)
