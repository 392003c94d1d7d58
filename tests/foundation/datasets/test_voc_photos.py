"""A folder in VOC's layout: scaled photographs, boxes in shares of their sides, the split, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.foundation.datasets.voc_photos import load_photos
from experiments.lab.errors import InputError

OBJECT = """<object><name>{name}</name><difficult>{difficult}</difficult><bndbox><xmin>1</xmin><ymin>3</ymin>
<xmax>{right}</xmax><ymax>4</ymax></bndbox></object>"""


def folder(path: Path, names: str = "abcdefghij", *, right: int = 4, split: bool = False) -> Path:
    for part in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (path / part).mkdir(parents=True)
    for name in names:
        Image.new("RGB", (8, 4), (255, 0, 0)).save(path / "JPEGImages" / f"{name}.png")
        objects = OBJECT.format(name="cell", difficult=0, right=right) + OBJECT.format(name="dot", difficult=1, right=2)
        (path / "Annotations" / f"{name}.xml").write_text(f"<annotation>{objects}</annotation>")
    if split:
        for part, listed in (("train", "a"), ("val", "b"), ("test", "c d")):
            (path / "ImageSets" / "Main" / f"{part}.txt").write_text(listed.replace(" ", "\n") + "\n")
    else:
        (path / "ImageSets" / "Main").rmdir()
    return path


def test_a_folder_is_read_with_its_split(tmp_path: Path) -> None:
    photos = load_photos(f"voc:{folder(tmp_path, split=True)}", 16, seed=0)
    assert (photos.images.shape, photos.names) == ((10, 16, 16, 3), ("cell", "dot"))
    assert photos.images[0].reshape(-1, 3).tolist() == [[255, 0, 0]] * 256
    assert photos.boxes[0].tolist() == [[0, 0.5, 0.5, 1]]  # pixels 1 to 4 of 8, 3 to 4 of 4; the difficult one is out
    assert photos.labels[0].tolist() == [0]
    assert {part: chosen.tolist() for part, chosen in photos.parts.items()} == {
        "train": [0],
        "val": [1],
        "test": [2, 3],
    }


def test_without_a_split_photographs_are_split_by_the_seed(tmp_path: Path) -> None:
    source = f"voc:{folder(tmp_path)}"
    parts = [load_photos(source, 8, seed=seed).parts for seed in (0, 1)]
    for split in parts:
        assert sorted(np.concatenate(list(split.values())).tolist()) == list(range(10))
    assert parts[0]["test"].tolist() != parts[1]["test"].tolist()


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    def fault(path: Path) -> str:
        with pytest.raises(InputError) as raised:
            load_photos(f"voc:{path}", 8, seed=0)
        (line,) = raised.value.problems
        return line.replace(str(tmp_path), "")

    assert fault(tmp_path / "none").startswith("/none: expected a folder in VOC's layout")
    without, damaged = folder(tmp_path / "1"), folder(tmp_path / "2")
    (without / "JPEGImages/a.png").unlink()
    (damaged / "JPEGImages/a.png").write_bytes(b"x")
    assert "no a.jpg or .png for a.xml" in fault(without)
    assert "a.png: not a picture that can be read" in fault(damaged)
    assert "lies outside of the picture's 8 x 4 pixels" in fault(folder(tmp_path / "3", right=10))
    assert "3 photographs, expected at least 10" in fault(folder(tmp_path / "4", "abc"))
    listed = folder(tmp_path / "5", split=True)
    (listed / "ImageSets/Main/test.txt").write_text("zebra\n")
    assert "'zebra' has no annotation" in fault(listed)
