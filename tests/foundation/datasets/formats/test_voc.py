"""VOC's xml."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.foundation.datasets.formats.voc import as_instances, load_voc
from experiments.lab.errors import InputError

DOCTYPE = "declares a document type, which an annotation has no use for; refused."
VOC = """<annotation><filename>a.jpg</filename><size><width>10</width><height>8</height></size>
<object><name>dog</name><difficult>1</difficult>
<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>10</xmax><ymax>8</ymax></bndbox></object></annotation>"""


def test_voc_boxes_stay_one_based_and_inclusive(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(VOC)
    (image,) = load_voc(tmp_path)
    assert (image.name, image.size, image.names) == ("a", (10, 8), ("dog",))
    assert image.boxes.tolist() == [[1, 2, 10, 8]]
    assert image.is_difficult.tolist() == [True]


def test_as_instances_covers_the_same_pixels(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(VOC)
    (tmp_path / "b.xml").write_text(VOC.replace("dog", "cat").replace("<xmin>1<", "<xmin>10<"))
    found = as_instances(load_voc(tmp_path))
    assert found.boxes_xywh.tolist() == [[0, 1, 10, 7], [9, 1, 1, 7]]  # 10 and 1 pixels wide, 7 high
    assert found.areas.tolist() == [70, 7]
    assert found.categories == {1: "cat", 2: "dog"}
    assert found.category_ids.tolist() == [2, 1]
    assert found.image_ids.tolist() == [1, 2]
    assert found.image_sizes == {1: (10, 8), 2: (10, 8)}


def test_images_without_objects_keep_the_shapes(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(VOC[: VOC.index("<object>")] + "</annotation>")
    found = as_instances(load_voc(tmp_path))
    assert (found.boxes_xywh.shape, found.image_ids.shape, found.category_ids.dtype) == ((0, 4), (0,), np.int64)
    assert found.image_sizes == {1: (10, 8)}
    assert as_instances(()).boxes_xywh.shape == (0, 4)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("<xmax>10</xmax>", "", "no <bndbox/xmax> in <object>, expected one."),
        ("<xmax>10</xmax>", "<xmax>ten</xmax>", "<bndbox/xmax> is 'ten', expected a number."),
        ("<xmax>10<", "<xmax>0<", "box [1.0, 2.0, 0.0, 8.0] ends before it begins; expected xmin, ymin, xmax, ymax."),
        ("<difficult>1<", "<difficult>true<", "<difficult> is 'true', expected 0 or 1."),
        ("<xmin>1<", "<xmin>1_0<", "<bndbox/xmin> is '1_0', expected a number."),
        ("<name>dog</name>", "<name>dog</name><name>cat</name>", "2 <name> in <object>, expected one."),
        ("<annotation>", "<!DOCTYPE x><annotation>", DOCTYPE),
    ],
)
def test_voc_faults_name_the_field(tmp_path: Path, old: str, new: str, problem: str) -> None:
    path = tmp_path / "a.xml"
    path.write_text(VOC.replace(old, new))
    with pytest.raises(InputError) as raised:
        load_voc(path)
    assert str(raised.value) == f"{path}: {problem}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_entities_are_refused_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.xml"
    declared = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "ha"}">' for i in range(9))
    head = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [{declared}]>'
    path.write_bytes((head + VOC.replace("dog", "&l8;")).encode(encoding))
    with pytest.raises(InputError) as raised:
        load_voc(path)
    assert raised.value.problems == (f"{path}: {DOCTYPE}",)


@pytest.mark.parametrize("encoding", ["utf-32", "utf-7", "rot13", "idna", "big5", "nonsense"])
def test_an_encoding_that_xml_does_not_have_is_refused(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.xml").write_text(f'<?xml version="1.0" encoding="{encoding}"?>{VOC}')
    with pytest.raises(InputError, match=r"a\.xml: not XML \("):
        load_voc(tmp_path)


def test_a_size_is_missed_only_where_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(VOC.replace("<size><width>10</width><height>8</height></size>", ""))
    images = load_voc(tmp_path)
    assert images[0].size is None
    with pytest.raises(InputError, match=r"a\.xml: no <size>\."):
        as_instances(images)
