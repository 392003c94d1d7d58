"""Every reader, fed with damaged files: the right values or one line that names the file, never anything else."""

from __future__ import annotations

import copy
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.numpy import save as safetensors

from experiments.adapt.core.hub_weights import open_weights
from experiments.adapt.lora.given import read_pairs
from experiments.arch.unet.own import read_gray
from experiments.detect.shapes import keypoints_of, masks_of
from experiments.foundation.datasets.formats import (
    cifar,
    coco,
    idx,
    matrices,
    omniglot,
    series,
    table_files,
    vecs,
    voc,
)
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


SHAPES = copy.deepcopy(INSTANCES)
for entry, mask in zip(
    SHAPES["annotations"], ([[1, 1, 5, 1, 5, 6]], {"size": [8, 9], "counts": [10, 5, 57]}), strict=True
):
    entry |= {"segmentation": mask, "keypoints": [1, 2, 2, 3, 4, 1], "num_keypoints": 2}


def masks_in(path: Path) -> object:
    found = coco.load_instances(path)
    return masks_of(path, "annotations", found.segmentations, [found.image_sizes[one] for one in found.image_ids])


def points_in(path: Path) -> object:
    return keypoints_of(path, "annotations", coco.load_instances(path).keypoints, 2)


def drawings() -> bytes:
    drawn = in_memory(lambda buffer: Image.fromarray(np.eye(105, dtype=bool)).save(buffer, "PNG"))

    def write(buffer: Any) -> None:
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("set/Greek/character01/0394_01.png", drawn)

    return in_memory(write)


def weights_of(path: Path) -> object:
    """Its reader says ValueError, and its callers which file."""
    try:
        return tuple((name, one.read()) for name, one in open_weights(path).items())
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None


TABLE = "size,kind,price\n" + "".join(f"{n},{'ab'[n % 2]},{n * 1.5}\n" for n in range(40))
PAIRS = "".join(json.dumps({"prompt": f"say {n}", "answer": str(n)}) + "\n" for n in range(12))
PICTURE = np.arange(48, dtype=np.uint8).reshape(6, 8)
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
    "omniglot": ("x.zip", drawings(), lambda path: tuple(omniglot.read_archive(path).items())),
    "masks": ("x.json", json.dumps(SHAPES).encode(), masks_in),
    "keypoints": ("x.json", json.dumps(SHAPES).encode(), points_in),
    "table": ("x.csv", TABLE.encode(), lambda path: table_files.load_table_file(path, "price")),
    "jsonl": ("x.jsonl", PAIRS.encode(), lambda path: tuple(read_pairs(path))),
    "png": ("x.png", in_memory(lambda buffer: Image.fromarray(PICTURE).save(buffer, "PNG")), read_gray),
    "safetensors": ("x.safetensors", safetensors({"w": ROWS}), weights_of),
}
BY_LINES = ("csv", "series", "table", "jsonl")
"""Nothing in them says how many lines there should be."""


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
    assert all(line.removeprefix("data=").startswith(str(path)) for line in problems)
    assert all(len(line) < len(str(path)) + 400 for line in problems)
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
    for length in range(0, len(content), max(1, len(content) // 60)):
        found = read_or_told(name, tmp_path, content[:length])
        assert found in (None, whole) or name in BY_LINES or name.endswith("vecs") or name == "cifar"


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


@QUICK
@given(data=st.data())
@pytest.mark.parametrize(("key", "read"), [("segmentation", masks_in), ("keypoints", points_in)])
def test_a_mask_or_points_of_any_other_kind_are_told_with_their_place(
    key: str, read: Callable[[Path], object], tmp_path: Path, data: st.DataObject
) -> None:
    document, value = copy.deepcopy(SHAPES), data.draw(WRONG)
    number, run_lengths = data.draw(st.integers(0, 1)), {"size": [8, 9], "counts": [10, 5, 57]}
    entry = document["annotations"][number]
    made = [value, [value] * 6, [[value] * 6], {**run_lengths, "size": value}, {**run_lengths, "counts": value}]
    entry[key] = data.draw(st.sampled_from([*made, {**run_lengths, "counts": [value, 5, 57]}, {"size": [8, 9]}]))
    if data.draw(st.booleans()):
        del entry[key]
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document))
    try:
        read(path)
    except InputError as error:
        assert f"annotations[{number}]: {key}" in str(error) or "NaN" in str(error)  # noqa: PT017  # either may come
    else:
        assert value in (0.5, -1)


@QUICK
@given(data=st.data())
def test_a_field_of_demonstrations_of_any_other_kind_is_told_with_its_line(tmp_path: Path, data: st.DataObject) -> None:
    lines, value, key = PAIRS.splitlines(), data.draw(WRONG), data.draw(st.sampled_from(["prompt", "answer"]))
    entry = {"prompt": "say", "answer": "it", key: value}
    if data.draw(st.booleans()):
        del entry[key]
    lines[4] = data.draw(st.sampled_from([json.dumps(entry), json.dumps(value), "[" * 10**5]))
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(lines))
    try:
        assert (
            ("say", "text") in read_pairs(path) or ("text", "it") in read_pairs(path) or ("", "it") in read_pairs(path)
        )
    except InputError as error:
        assert f"{path}, line 5: expected" in str(error)  # noqa: PT017


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
