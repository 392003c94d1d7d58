"""The mAP as chosen, the numbers of a user's files, and the classes by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from experiments.detect.map import errors, numbers
from experiments.detect.map.reference import FROZEN
from experiments.detect.map.setup import Params, Scenes, prepare


def scenes_of(**chosen: Any) -> Scenes:
    return prepare(Params(trials=1, images=4, **chosen), 0)


def own_scenes() -> Scenes:
    folder = FROZEN / "coarse_boxes"
    return scenes_of(annotations=str(folder / "instances.json"), detections=str(folder / "results.json"))


def twelve(scenes: Scenes) -> dict[str, float]:
    return {row.metric: row.value for row in numbers.run(scenes) if isinstance(row, numbers.NumberRow)}


def test_a_users_files_give_cocos_numbers() -> None:
    expected = json.loads((FROZEN / "coarse_boxes" / "numbers.json").read_text())
    found = twelve(own_scenes())
    assert {name: found[name] for name in expected if expected[name] is not None} == pytest.approx(
        {name: value for name, value in expected.items() if value is not None}, abs=1e-9
    )


def test_classes_have_the_names_of_the_users_file() -> None:
    scenes = own_scenes()
    assert {row.category for row in numbers.run_classes(scenes)} <= set(scenes.scene.names)


def test_the_chosen_map_follows_its_parameters() -> None:
    first, second = (scenes_of(iou=(0.5,), interp=interp) for interp in ("voc2010", "coco101"))
    chosen = [next(numbers.run_chosen(scenes)).mean_average_precision for scenes in (first, second)]
    assert chosen[1] == pytest.approx(twelve(second)["AP50"], abs=1e-12)
    assert chosen[0] != chosen[1]


def test_curves_have_at_most_sixty_points_per_threshold() -> None:
    rows = list(errors.run_curves(prepare(Params(trials=1, iou=(0.5, 0.75)), 0)))
    assert {row.iou for row in rows} == {0.5, 0.75}
    assert max(sum(row.iou == iou for row in rows) for iou in (0.5, 0.75)) <= 60
