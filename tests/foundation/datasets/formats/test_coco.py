"""COCO's json."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.foundation.datasets.formats.coco import BOX, load_detections, load_instances
from experiments.lab.errors import InputError

POLYGON = [[1.0, 1.0, 3.0, 1.0, 3.0, 3.0]]
DOCUMENT: dict[str, Any] = {
    "images": [{"id": 7, "width": 64, "height": 48}],
    "categories": [{"id": 3, "name": "car"}],
    "annotations": [
        {"id": 1, "image_id": 7, "category_id": 3, "bbox": [1, 2, 3.5, 4], "area": 9.5, "segmentation": POLYGON},
        {"id": 2, "image_id": 7, "category_id": 3, "bbox": [0, 0, 2, 2], "iscrowd": 1},
    ],
}


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def test_instances_become_arrays_and_masks_stay_as_given(tmp_path: Path) -> None:
    found = load_instances(write(tmp_path / "x.json", DOCUMENT))
    assert found.image_sizes == {7: (64, 48)}
    assert found.categories == {3: "car"}
    assert found.boxes_xywh.tolist() == [[1, 2, 3.5, 4], [0, 0, 2, 2]]
    assert found.areas.tolist() == [9.5, 4.0]
    assert found.is_crowd.tolist() == [False, True]
    assert found.segmentations == (POLYGON, None)


def test_instances_without_annotations_keep_their_shapes(tmp_path: Path) -> None:
    found = load_instances(write(tmp_path / "x.json", {**DOCUMENT, "annotations": []}))
    assert found.boxes_xywh.shape == (0, 4)
    assert found.image_ids.dtype == np.int64


FAULTS: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda a: a.pop("bbox"), "annotations[0]: no 'bbox'."),
    (lambda a: a.update(id="1"), "annotations[0]: id is '1', expected an integer."),
    (lambda a: a.update(area=None), "annotations[0]: area is None, expected a finite number of at least 0."),
    (lambda a: a.update(area=-1), "annotations[0]: area is -1, expected a finite number of at least 0."),
    (lambda a: a.update(area=[400]), "annotations[0]: area is [400], expected a finite number of at least 0."),
    (lambda a: a.update(iscrowd="0"), "annotations[0]: iscrowd is '0', expected 0 or 1."),
    (lambda a: a.update(id=2**70), f"annotations[0]: id is {2**70}, expected an integer."),
    (lambda a: a.update(image_id=8), "annotations[0]: image_id 8 is not among the images."),
    (lambda a: a.update(category_id=4), "annotations[0]: category_id 4 is not among the categories."),
    (lambda a: a.update(id=2), "annotations: id 2 is given 2 times."),
    (
        lambda a: a.update(bbox=[1, 2, 3]),
        f"annotations[0]: bbox is [1, 2, 3], expected {BOX.noun}.",
    ),
    (
        lambda a: a.update(bbox=[1, 2, float("nan"), 1]),
        f"annotations[0]: bbox is [1, 2, nan, 1], expected {BOX.noun}.",
    ),
    (
        lambda a: a.update(bbox=[9, 9, -3, 1]),
        f"annotations[0]: bbox is [9, 9, -3, 1], expected {BOX.noun}.",
    ),
]


@pytest.mark.parametrize(("damage", "problem"), FAULTS)
def test_every_fault_of_an_annotation_is_told(
    tmp_path: Path, damage: Callable[[dict[str, Any]], Any], problem: str
) -> None:
    document = copy.deepcopy(DOCUMENT)
    damage(document["annotations"][0])
    path = write(tmp_path / "x.json", document)
    with pytest.raises(InputError) as raised:
        load_instances(path)
    assert str(raised.value) == f"{path}: {problem}"


def test_many_faults_are_five_lines_and_a_count(tmp_path: Path) -> None:
    bad = [{"id": i, "image_id": 99, "category_id": 3, "bbox": [0, 0, 1, 1]} for i in range(20)]
    with pytest.raises(InputError) as raised:
        load_instances(write(tmp_path / "x.json", {**DOCUMENT, "annotations": bad}))
    assert len(raised.value.problems) == 6
    assert raised.value.problems[-1].endswith("and 15 more.")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"images": []}', '{"images": 1, "annotations": 2, "categories": 3}'])
def test_json_that_is_no_instances_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match=r"x\.json: (not JSON|expected)"):
        load_instances(tmp_path / "x.json")


def test_results_are_checked_against_their_instances(tmp_path: Path) -> None:
    truth = load_instances(write(tmp_path / "x.json", DOCUMENT))
    results = [{"image_id": 7, "category_id": 3, "bbox": [0, 0, 1, 1], "score": 0.5}]
    assert load_detections(write(tmp_path / "r.json", results), truth).scores.tolist() == [0.5]
    results[0].update(image_id=8, score=float("inf"))
    path = write(tmp_path / "r.json", results)
    with pytest.raises(InputError) as raised:
        load_detections(path, truth)
    assert raised.value.problems == (
        f"{path}: results[0]: image_id 8 is not among the images.",
        f"{path}: results[0]: score is inf, expected a finite number.",
    )


def test_real_instances_of_coco_load(real_data: Callable[[str], Path]) -> None:
    found = load_instances(real_data("coco") / "instances_80_images.json")
    assert (len(found.image_sizes), len(found.categories), len(found.ids)) == (80, 80, 705)
    assert int(found.is_crowd.sum()) == 6
    assert all(isinstance(mask, dict) for mask, crowd in zip(found.segmentations, found.is_crowd, strict=True) if crowd)
