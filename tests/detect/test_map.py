"""The experiment detect.map on the user's own files, COCO's and VOC's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.detect import map as study
from experiments.detect.annotations import load_files
from experiments.detect.core import survey
from experiments.lab.errors import InputError

VOC = """<annotation><filename>{name}.jpg</filename><size><width>100</width><height>80</height></size>
<object><name>dog</name><difficult>0</difficult>
<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>10</xmax><ymax>10</ymax></bndbox></object>
<object><name>dog</name><difficult>1</difficult>
<bndbox><xmin>50</xmin><ymin>50</ymin><xmax>60</xmax><ymax>60</ymax></bndbox></object></annotation>"""


def rows_of(**chosen: object) -> list[study.Row]:
    events = study.run(study.Params(trials=1, images=4, **chosen), 0)  # type: ignore[arg-type]
    return [event for event in events if isinstance(event, study.Row)]


def test_files_of_coco_give_cocos_numbers_by_name(tmp_path: Path) -> None:
    case = survey.frozen()["sets"]["coarse boxes"]
    (tmp_path / "truth.json").write_text(json.dumps(case["instances"]))
    (tmp_path / "found.json").write_text(json.dumps(case["results"]))
    rows = rows_of(annotations=str(tmp_path / "truth.json"), detections=str(tmp_path / "found.json"))
    found = {row.metric: row.value for row in rows if row.part == "COCO"}
    expected = {name: value for name, value in case["numbers"].items() if value is not None}
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-9)
    assert list(found) == ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]


def test_files_of_voc_count_inclusive_pixels_and_leave_difficult_objects_out(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(VOC.format(name="a"))
    # five of ten columns, all rows: 50 of 100 pixels, IoU exactly 0.5 only if the last pixel counts
    (tmp_path / "comp4_det_test_dog.txt").write_text("a 0.9 50 50 60 60\na 0.8 1 1 5 10\n")
    rows = rows_of(annotations=str(tmp_path), detections=str(tmp_path), format="voc")
    found = {row.metric: row.value for row in rows if row.part == "COCO"}
    assert (found["AP50"], found["AP75"]) == (1, 0)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("a 0.9 1 1 5", "line 1 is 'a 0.9 1 1 5', expected image score xmin ymin xmax ymax."),
        ("b 0.9 1 1 5 5", "line 1: image b has no annotation."),
        ("a 0.9 9 1 5 5", "line 1: box [9.0, 1.0, 5.0, 5.0] ends before it begins."),
    ],
)
def test_bad_lines_of_voc_results_are_told(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / "a.xml").write_text(VOC.format(name="a"))
    path = tmp_path / "comp4_det_test_dog.txt"
    path.write_text(line)
    with pytest.raises(InputError) as raised:
        rows_of(annotations=str(tmp_path), detections=str(tmp_path), format="voc")
    assert str(raised.value) == f"{path}: {problem}"


def test_one_file_without_the_other_is_refused() -> None:
    with pytest.raises(InputError) as raised:
        rows_of(annotations="x.json")
    assert str(raised.value) == "detections: expected a file, since annotations is given; name both or neither."


def test_a_folder_where_cocos_json_belongs_is_told_with_the_way_to_voc(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        load_files(str(tmp_path), "results.json", "coco")
    said = f"{tmp_path}: a folder, expected COCO's json; for VOC's folder of xml say format=voc."
    assert raised.value.problems == (said,)


def test_the_chosen_map_follows_its_parameters() -> None:
    first, second = rows_of(iou=(0.5,), interp="voc2010"), rows_of(iou=(0.5,), interp="coco101")
    chosen = [next(row for row in rows if row.part == "chosen").value for rows in (first, second)]
    coco = next(row for row in second if row.part == "COCO" and row.metric == "AP50").value
    assert chosen[1] == pytest.approx(coco, abs=1e-12)
    assert chosen[0] != chosen[1]
