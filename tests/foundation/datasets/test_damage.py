"""Every reader, fed with damaged files: the right values or one line that names the file, never anything else."""

from __future__ import annotations

import copy
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.foundation.datasets.formats import cifar, coco, idx, matrices, series, vecs, voc
from experiments.lab.errors import InputError

ROWS = np.arange(24, dtype=np.float32).reshape(6, 4)
INSTANCES: dict[str, Any] = {
    "images": [{"id": 1, "width": 9, "height": 8}, {"id": 2, "width": 9, "height": 8}],
    "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0},
        {"id": 2, "image_id": 2, "category_id": 2, "bbox": [1, 2, 3.5, 4], "area": 14.0, "iscrowd": 1},
    ],
}
RESULTS = [{"image_id": 1, "category_id": 2, "bbox": [0, 1, 2, 3], "score": 0.5}]
VOC = """<annotation><filename>a.jpg</filename><size><width>10</width><height>8</height></size>
<object><name>dog</name><difficult>1</difficult>
<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>10</xmax><ymax>8</ymax></bndbox></object></annotation>"""
SERIES = "t,y\n" + "".join(f"{t},{t / 2}\n" for t in range(9))


def in_memory(write: Callable[[Any], object]) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def hdf5_file(buffer: Any) -> None:
    with h5py.File(buffer, "w") as file:
        file["train"], file["test"], file["neighbors"] = ROWS, ROWS[:2], np.arange(4).reshape(2, 2)
        file.attrs["distance"] = "euclidean"


def vecs_file(kind: str, rows: np.ndarray) -> bytes:
    records = np.zeros(len(rows), dtype=[("dim", "<i4"), ("row", kind, (rows.shape[1],))])
    records["dim"], records["row"] = rows.shape[1], rows
    return records.tobytes()


def instances_of(path: Path) -> object:
    return coco.load_instances(path)


TRUTH = json.dumps(INSTANCES).encode()
FORMATS: dict[str, tuple[str, bytes, Callable[[Path], object]]] = {
    "idx": ("x", b"\0\0\x0d\x02" + np.array([6, 4], ">u4").tobytes() + ROWS.astype(">f4").tobytes(), idx.read_idx),
    "idx gz": ("x.gz", gzip.compress(b"\0\0\x08\x01\0\0\0\x06abcdef"), idx.read_idx),
    "fvecs": ("x.fvecs", vecs_file("<f4", ROWS), vecs.read_vecs),
    "bvecs": ("x.bvecs", vecs_file("u1", ROWS), vecs.read_vecs),
    "npy": ("x.npy", in_memory(lambda buffer: np.save(buffer, ROWS)), matrices.read_npy),
    "hdf5": ("x.hdf5", in_memory(hdf5_file), matrices.read_ann_benchmark),
    "csv": ("x.csv", b"a,b\n1,2.5\n-3e1,4\n", matrices.read_csv_matrix),
    "series": ("x.csv", SERIES.encode(), series.load_series),
    "coco": ("x.json", TRUTH, instances_of),
    "voc": ("x.xml", VOC.encode(), voc.load_voc),
    "cifar": ("x.bin", bytes([3]) + bytes(3072), cifar.read_cifar_binary),
}


def plain(value: object) -> object:
    """Arrays, dataclasses and tuples as what can be compared."""
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, value.tolist()
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}  # type: ignore[arg-type]
    return tuple(map(plain, value)) if isinstance(value, tuple) else value


def read_or_told(name: str, folder: Path, content: bytes) -> object:
    """What the reader makes of the content; None where it refuses it, in lines that a terminal can print."""
    file, _, read = FORMATS[name]
    path = folder / file
    path.write_bytes(content)
    try:
        return plain(read(path))
    except InputError as error:
        problems = error.problems
    assert problems
    assert all(line.startswith(str(path)) and len(line) < len(str(path)) + 400 for line in problems)
    assert all("\n" not in line for line in problems)
    return None


def damaged(content: bytes, data: st.DataObject) -> bytes:
    """The content with a flipped bit, cut off, with a hole, or with something in between."""
    place = data.draw(st.integers(0, max(0, len(content) - 1)))
    kind = data.draw(st.sampled_from(["flip", "cut", "hole", "insert", "huge"]))
    if kind == "flip":
        return content[:place] + bytes([content[place] ^ 1 << data.draw(st.integers(0, 7))]) + content[place + 1 :]
    if kind == "cut":
        return content[:place]
    if kind == "hole":
        return content[:place] + bytes(4) + content[place + 4 :]
    return content[:place] + (b"\xff" * 4 if kind == "huge" else data.draw(st.binary(max_size=6))) + content[place:]


QUICK = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(data=st.data())
@pytest.mark.parametrize("name", FORMATS)
def test_damaged_bytes_are_read_or_told(name: str, tmp_path: Path, data: st.DataObject) -> None:
    read_or_told(name, tmp_path, damaged(FORMATS[name][1], data))


@pytest.mark.slow
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
@pytest.mark.parametrize("name", FORMATS)
def test_many_damaged_bytes_are_read_or_told(name: str, tmp_path: Path, data: st.DataObject) -> None:
    read_or_told(name, tmp_path, damaged(FORMATS[name][1], data))


@pytest.mark.parametrize("name", FORMATS)
def test_every_cut_is_told_and_never_a_shorter_file(name: str, tmp_path: Path) -> None:
    content = FORMATS[name][1]
    whole = read_or_told(name, tmp_path, content)
    assert whole is not None
    by_lines = name in ("csv", "series")  # nothing in a csv says how many lines there should be
    for length in range(0, len(content), max(1, len(content) // 60)):
        found = read_or_told(name, tmp_path, content[:length])
        assert found in (None, whole) or by_lines or name.endswith("vecs") or name == "cifar"


WRONG = st.sampled_from(
    [None, "text", "", -1, 10**30, 1e308, float("nan"), float("inf"), True, [], [1], {}, 2**64, 0.5]
)


@QUICK
@given(data=st.data())
def test_a_field_of_coco_of_any_other_kind_is_told_with_its_place(tmp_path: Path, data: st.DataObject) -> None:
    document = copy.deepcopy(INSTANCES)
    part = data.draw(st.sampled_from(sorted(document)))
    number = data.draw(st.integers(0, 1))
    entry = document[part][number]
    key = data.draw(st.sampled_from(sorted(entry)))
    entry[key] = data.draw(WRONG)
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document))
    try:
        found = coco.load_instances(path)
    except InputError as error:
        lines = error.problems
    else:  # it was of the right kind after all
        assert np.isfinite(found.areas).all()
        assert np.isfinite(found.boxes_xywh).all()
        return
    assert any(f"{part}[" in line or f"{part}: id" in line or "annotations[" in line for line in lines)


@QUICK
@given(data=st.data())
def test_a_field_of_results_of_any_other_kind_is_told_with_its_place(tmp_path: Path, data: st.DataObject) -> None:
    (tmp_path / "truth.json").write_bytes(TRUTH)
    truth, results = coco.load_instances(tmp_path / "truth.json"), copy.deepcopy(RESULTS)
    key, value = data.draw(st.sampled_from(sorted(results[0]))), data.draw(WRONG)
    results[0][key] = value
    (tmp_path / "x.json").write_text(json.dumps(results))
    try:
        found = coco.load_detections(tmp_path / "x.json", truth)
    except InputError as error:
        assert f"results[0]: {key}" in str(error)  # noqa: PT017  # either may come
    else:
        assert np.isfinite(found.scores).all()
        assert key == "score"


@pytest.mark.parametrize("part", ["images", "categories", "annotations"])
def test_a_field_that_stands_twice_is_told(tmp_path: Path, part: str) -> None:
    text = json.dumps(INSTANCES)
    first = text.index('"id"', text.index(f'"{part}"'))
    (tmp_path / "x.json").write_text(f'{text[:first]}"id": 1, {text[first:]}')
    with pytest.raises(InputError, match=r"x\.json: the key 'id' stands twice in one object\."):
        coco.load_instances(tmp_path / "x.json")


@QUICK
@given(data=st.data())
def test_a_cell_of_a_series_of_any_other_kind_is_told_with_its_line(tmp_path: Path, data: st.DataObject) -> None:
    lines = SERIES.splitlines()
    number = data.draw(st.integers(1, 9))
    words = st.sampled_from(
        ["", "text", "1_0", "١", "0x1", "1e400", "nan", "inf", "1,5", "2024-01-01", "1e99", '"', "--1"]
    )
    t, y = lines[number].split(",")
    word = data.draw(words)
    lines[number] = data.draw(st.sampled_from([f"{word},{y}", f"{t},{word}", f"{t},{y},{word}", t]))
    path = tmp_path / "x.csv"
    path.write_text("\n".join(lines) + "\n")
    try:
        found = series.load_series(path)
    except InputError as error:
        assert str(error).startswith(str(path))  # noqa: PT017
    else:
        assert (word, lines[number]) == ("1e99", f"{t},1e99")
        assert found.y[number - 1] == 1e99


TAGS = ["width", "height", "name", "difficult", "xmin", "ymin", "xmax", "ymax"]


@QUICK
@given(data=st.data())
def test_a_field_of_voc_of_any_other_kind_is_told_with_its_name(tmp_path: Path, data: st.DataObject) -> None:
    tag = data.draw(st.sampled_from(TAGS))
    before, _, rest = VOC.partition(f"<{tag}>")
    value, _, after = rest.partition(f"</{tag}>")
    word = data.draw(st.sampled_from(["", "text", "nan", "1e400", "1_0", "-1", "true", "0.5"]))
    made = data.draw(st.sampled_from([f"<{tag}>{word}</{tag}>", "", f"<{tag}>{value}</{tag}" * 2 + ">"]))
    path = tmp_path / "x.xml"
    path.write_text(before + made + after)
    try:
        (image,) = voc.load_voc(path)
    except InputError as error:
        assert str(error).startswith(str(path))  # noqa: PT017
    else:
        assert np.isfinite(image.boxes).all()
        assert tag in ("name", "width", "height") or word in ("-1", "0.5") or made == ""
