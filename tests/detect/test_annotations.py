"""The user's own files, COCO's and VOC's: their numbers, and one line per fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.detect.annotations import coco_scene, evaluate_coco, load_scene, voc_scene
from experiments.detect.core.evaluation import coco_numbers, evaluate_detections
from experiments.detect.map.reference import FROZEN
from experiments.lab.errors import InputError

VOC = """<annotation><filename>{name}.jpg</filename><size><width>100</width><height>80</height></size>
<object><name>dog</name><difficult>0</difficult>
<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>10</xmax><ymax>10</ymax></bndbox></object>
<object><name>dog</name><difficult>1</difficult>
<bndbox><xmin>50</xmin><ymin>50</ymin><xmax>60</xmax><ymax>60</ymax></bndbox></object></annotation>"""


def test_files_of_coco_give_cocos_numbers_by_name() -> None:
    folder = FROZEN / "coarse_boxes"
    found = evaluate_coco(folder / "instances.json", str(folder / "results.json"))
    numbers = json.loads((folder / "numbers.json").read_text())
    expected = {name: value for name, value in numbers.items() if value is not None}
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-9)
    assert list(found) == ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]


def test_files_of_voc_count_inclusive_pixels_and_leave_difficult_objects_out(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(VOC.format(name="a"))
    # five of ten columns, all rows: 50 of 100 pixels, IoU exactly 0.5 only if the last pixel counts
    (tmp_path / "comp4_det_test_dog.txt").write_text("a 0.9 50 50 60 60\na 0.8 1 1 5 10\n")
    scene = voc_scene(tmp_path, tmp_path)
    found = coco_numbers(evaluate_detections(scene.ground_truth, scene.detections))
    assert (found["AP50"], found["AP75"]) == pytest.approx((1, 0), abs=1e-15)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("a 0.9 1 1 5", "line 1 is 'a 0.9 1 1 5', expected image score xmin ymin xmax ymax."),
        ("b 0.9 1 1 5 5", "line 1: image 'b' has no annotation."),
        ("a 0.9 9 1 5 5", "line 1: box [9.0, 1.0, 5.0, 5.0] ends before it begins."),
    ],
)
def test_bad_lines_of_voc_results_are_told(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / "a.xml").write_text(VOC.format(name="a"))
    path = tmp_path / "comp4_det_test_dog.txt"
    path.write_text(line)
    with pytest.raises(InputError) as raised:
        voc_scene(tmp_path, tmp_path)
    assert str(raised.value) == f"{path}: {problem}"


def test_one_file_without_the_other_is_refused() -> None:
    assert load_scene(None, None, "coco") is None
    with pytest.raises(InputError) as raised:
        load_scene("x.json", None, "coco")
    assert str(raised.value) == "detections: expected a file, since annotations is given; name both or neither."


def test_a_folder_where_cocos_json_belongs_is_refused_with_the_way_to_voc(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        coco_scene(tmp_path, Path("results.json"))
    message = f"{tmp_path}: a folder, expected COCO's json; for VOC's folder of xml say format=voc."
    assert raised.value.problems == (message,)


def voc_numbers(folder: Path, **files: str) -> dict[str, float]:
    """AP50 of a folder of one xml, a.xml, and result files by class."""
    for name, lines in files.items():
        (folder / f"comp4_det_test_{name}.txt").write_text(lines)
    scene = voc_scene(folder, folder)
    return coco_numbers(evaluate_detections(scene.ground_truth, scene.detections))


def test_a_class_takes_its_own_result_file_and_not_one_whose_name_ends_alike(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(VOC.format(name="a"))
    hit, miss = "a 0.9 1 1 10 10\n", "a 0.9 70 70 75 75\n"
    assert voc_numbers(tmp_path, dog=hit, hot_dog=miss)["AP50"] == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize("name", ["[!x]", "*", "**", "a?b", "hot dog"])
def test_a_class_is_a_name_and_no_pattern(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.xml").write_text(VOC.format(name="a").replace("dog", name))
    assert voc_numbers(tmp_path, **{name: "a 0.9 1 1 10 10\n"}, x="a 0.9 70 70 75 75\n")["AP50"] == pytest.approx(
        1, abs=1e-15
    )


def test_an_image_is_called_like_its_xml_file_whatever_the_file_says(tmp_path: Path) -> None:
    for name in ("a", "two words"):
        (tmp_path / f"{name}.xml").write_text(VOC.format(name="stale"))
    assert voc_numbers(tmp_path, dog="a 0.9 1 1 10 10\ntwo words 0.9 1 1 10 10\n")["AP50"] == pytest.approx(
        1, abs=1e-15
    )


def test_a_folder_without_any_result_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(VOC.format(name="a"))
    (tmp_path / "comp4_det_test_cat.txt").write_text("")
    with pytest.raises(InputError) as raised:
        voc_scene(tmp_path, tmp_path)
    assert str(raised.value) == f"{tmp_path}: expected a folder with files *_det_*_<class>.txt, of classes such as dog."
