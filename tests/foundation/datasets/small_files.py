"""A small valid file of every format that is read, and its reader."""

from __future__ import annotations

import copy
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
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
