"""Photographs with annotated objects: a folder in VOC's layout, with its pictures and its split.

    Annotations/<name>.xml    JPEGImages/<name>.jpg    ImageSets/Main/{train,val,test}.txt, where there is a split

Source: Everingham et al.: The PASCAL Visual Object Classes Challenge, IJCV 2010; its development kit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.catalog import entry
from experiments.foundation.datasets.entries import DetectionSet
from experiments.foundation.datasets.formats.fields import brief, shown
from experiments.foundation.datasets.formats.files import read_text
from experiments.foundation.datasets.formats.voc import VocImage, load_voc
from experiments.foundation.datasets.storage import store
from experiments.lab.errors import InputError

PARTS = ("train", "val", "test")
SUFFIXES = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG")
LEAST = 10
"""Photographs, of a folder without a split."""


@dataclass(frozen=True, kw_only=True)
class Photos:
    """n photographs, all scaled to one size; objects marked difficult are left out."""

    images: NDArray[np.uint8]
    """(n, size, size, 3)."""
    boxes: list[NDArray[np.float64]]
    """Of each photograph (k, 4): x1, y1, x2, y2 in shares of its sides."""
    labels: list[NDArray[np.int64]]
    """Of each photograph (k,)."""
    names: tuple[str, ...]
    """Of the classes."""
    parts: dict[str, NDArray[np.int64]]
    """train, val and test -> the photographs in it."""


def load_photos(source: str, size: int, *, seed: int) -> Photos:
    """The photographs of a named set of annotations, or with ``voc:DIR`` of a folder, scaled to ``size`` x ``size``.

    Without ImageSets/Main photographs are split 70 : 10 : 20 by ``seed``.
    Raises InputError, naming the file, for what is missing, damaged or too little.
    """
    folder = Path(source.removeprefix("voc:")).expanduser() if source.startswith("voc:") else _named(source)
    if not (folder / "Annotations").is_dir() or not (folder / "JPEGImages").is_dir():
        raise InputError(f"{folder}: expected a folder in VOC's layout, with Annotations and JPEGImages in it.")
    photos, files = _read(folder, size)
    return replace(photos, parts=_split(folder, files, seed))


@lru_cache(maxsize=1)  # a study of several seeds asks as often for the same photographs
def _read(folder: Path, size: int) -> tuple[Photos, tuple[str, ...]]:
    """Every photograph, in no part yet, and the names of their files."""
    annotated = load_voc(folder / "Annotations")
    names = tuple(sorted({name for image in annotated for name in image.names}))
    if not names:
        raise InputError(f"{folder / 'Annotations'}: no object in any of {len(annotated)} files.")
    read = [_photo(folder / "JPEGImages", image, size) for image in annotated]
    counted = [~image.is_difficult for image in annotated]
    labels = [np.array([names.index(name) for name in image.names], np.int64) for image in annotated]
    photos = Photos(
        images=np.stack([pixels for pixels, _ in read]),
        boxes=[boxes[keep] for (_, boxes), keep in zip(read, counted, strict=True)],
        labels=[of_image[keep] for of_image, keep in zip(labels, counted, strict=True)],
        names=names,
        parts={},
    )
    return photos, tuple(image.name for image in annotated)


def _named(source: str) -> Path:
    entry(source, DetectionSet)
    return store.files_of(source)[0].parent


def _photo(folder: Path, image: VocImage, size: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Pixels (size, size, 3) and boxes (k, 4) in shares of the photograph, from pixels counted from 1."""
    from PIL import Image, UnidentifiedImageError

    path = next((folder / (image.name + end) for end in SUFFIXES if (folder / (image.name + end)).is_file()), None)
    if path is None:
        raise InputError(f"{folder}: no {image.name}.jpg or .png for {image.name}.xml.")
    try:
        with Image.open(path) as photo:
            sides = np.array(photo.size * 2, np.float64)
            pixels = np.asarray(photo.convert("RGB").resize((size, size), Image.Resampling.BILINEAR))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise InputError(f"{path}: not a picture that can be read ({brief(error)}).") from error
    boxes = image.boxes - (1, 1, 0, 0)
    if (boxes < -1).any() or (boxes > sides + 1).any():  # tools that count from 0 are one pixel off
        worst = image.boxes[((boxes < -1) | (boxes > sides + 1)).any(1)][0].tolist()
        raise InputError(f"{path}: box {worst} lies outside of the picture's {sides[0]:.0f} x {sides[1]:.0f} pixels.")
    return pixels, np.clip(boxes / sides, 0, 1)


def _split(folder: Path, names: Sequence[str], seed: int) -> dict[str, NDArray[np.int64]]:
    lists = folder / "ImageSets" / "Main"
    if not lists.is_dir():
        if len(names) < LEAST:
            raise InputError(f"{folder}: {len(names)} photographs, expected at least {LEAST} or ImageSets/Main.")
        order = np.random.default_rng(seed).permutation(len(names))
        cuts = [len(names) * 7 // 10, len(names) * 8 // 10]
        return dict(zip(PARTS, np.split(order, cuts), strict=True))
    numbers = {name: number for number, name in enumerate(names)}
    return {part: _listed(lists / f"{part}.txt", numbers) for part in PARTS}


def _listed(path: Path, numbers: dict[str, int]) -> NDArray[np.int64]:
    """The photographs that a list of names has."""
    listed = [line.split()[0] for line in read_text(path).splitlines() if line.strip()]
    unknown = [name for name in listed if name not in numbers]
    if unknown or not listed:
        fault = f"{shown(unknown[0])} has no annotation" if unknown else "no name in it"
        raise InputError(f"{path}: {fault}; expected one name of an annotated photograph per line.")
    return np.array([numbers[name] for name in listed])
