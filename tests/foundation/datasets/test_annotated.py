from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from experiments.foundation.datasets.annotated import load_objects
from experiments.lab.errors import InputError


def test_bccd_has_the_boxes_of_its_xml(real_data: Callable[[str], Path], data_folder: Path) -> None:
    os.symlink(real_data("bccd"), data_folder / "bccd")
    found = load_objects("bccd")
    documents = [ElementTree.parse(path) for path in sorted((real_data("bccd") / "Annotations").glob("*.xml"))]
    named = [item.findtext("name") for document in documents for item in document.iter("object")]
    assert len(found.image_sizes) == len(documents) == 364
    assert set(found.image_sizes.values()) == {(640, 480)}
    assert [found.categories[int(k)] for k in found.category_ids] == named
    assert found.categories == {1: "Platelets", 2: "RBC", 3: "WBC"}
    widths = [
        int(box.findtext("xmax", "")) - int(box.findtext("xmin", "")) + 1
        for document in documents
        for box in document.iter("bndbox")
    ]
    assert found.boxes_xywh[:, 2].tolist() == widths


def test_coco_is_read_as_it_is(real_data: Callable[[str], Path], data_folder: Path) -> None:
    os.symlink(real_data("coco"), data_folder / "coco")
    found = load_objects("coco-80")
    assert (len(found.image_sizes), found.boxes_xywh.shape, int(found.is_crowd.sum())) == (80, (705, 4), 6)


def test_an_unknown_set_of_annotations_is_one_line() -> None:
    with pytest.raises(InputError, match=r"^unknown set of annotations coco: did you mean coco-80\?$"):
        load_objects("coco")
