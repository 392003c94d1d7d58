"""VOC's average precision of files, by a worked example."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.detect.voc_numbers import evaluate_voc

OBJECT = (
    "<object><name>{}</name><difficult>0</difficult>"
    "<bndbox><xmin>{}</xmin><ymin>1</ymin><xmax>{}</xmax><ymax>10</ymax></bndbox></object>"
)
SIZE = "<size><width>90</width><height>90</height><depth>3</depth></size>"
IMAGE = f"<annotation><filename>a.jpg</filename>{SIZE}{{}}</annotation>"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Two dogs, of which the first and the third box are right, and a cat that no file is about."""
    objects = (OBJECT.format("dog", 1, 10), OBJECT.format("dog", 21, 30), OBJECT.format("cat", 41, 50))
    (tmp_path / "a.xml").write_text(IMAGE.format("".join(objects)))
    boxes = "a 0.9 1 1 10 10\na 0.8 61 1 70 10\na 0.7 21 1 30 10\n"
    (tmp_path / "comp4_det_test_dog.txt").write_text(boxes)
    return tmp_path


def test_the_area_under_the_curve(files: Path) -> None:
    # precision 1 up to recall 1/2, then 2/3 up to recall 1
    assert evaluate_voc(files, files) == pytest.approx({"cat": 0.0, "dog": 5 / 6, "mAP": 5 / 12})


def test_eleven_points(files: Path) -> None:
    # recalls 0, 0.1, ..., 0.5 have precision 1, the other five 2/3
    assert evaluate_voc(files, files, interp="voc2007")["dog"] == pytest.approx((6 + 5 * 2 / 3) / 11)
