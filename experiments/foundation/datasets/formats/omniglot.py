"""Omniglot's small sets: handwritten characters, of each the drawings of twenty people, in two zip archives of PNGs.

Members are read in memory and never written, so an archive has no way out of its folder; names, sizes and the header of
every image are checked before it is decoded. Pixels are inverted, so that ink is high as in MNIST, and brought from
105 x 105 to 28 x 28 by averaging areas. Two alphabets lie in both archives and are taken once.
Source: Lake, Salakhutdinov, Tenenbaum: Human-level concept learning through probabilistic program induction, 2015;
https://github.com/brendenlake/omniglot
"""

from __future__ import annotations

import io
import re
import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np

from experiments.foundation.datasets.formats.fields import brief
from experiments.foundation.datasets.formats.image_files import ImageData, Images, sizes
from experiments.foundation.datasets.formats.vector_files import VectorFiles
from experiments.lab.errors import InputError

STORED_SIDE, SIDE = 105, 28
"""Pixels a side in the archives, and as they are read."""
AREAS = np.eye(SIDE).repeat(15, axis=1).reshape(SIDE, STORED_SIDE, 4).sum(2) / 15
"""(28, 105): the share that each stored row has in a row of 105 / 28 = 15 / 4 of them."""
TESTED = 4
"""People of twenty whose drawings are for test."""
LARGEST_MEMBER = 64 * 1024
"""Bytes; the largest drawing has 419."""
NAME = re.compile(r"[^/]+/(?P<character>[^/]+/character\d+)/\d+_(?P<person>\d\d)\.png")


def character_images(files: tuple[Path, ...], name: str, title: str, seed: int) -> ImageData:
    """All characters (n, 28, 28), ink high; drawings of four of the twenty people, whom ``seed`` picks, are for test.

    Labels number the pairs of alphabet and character, such as Greek/character07, in alphabetical order.
    Raises InputError for a damaged archive and for members that are no drawings of Omniglot's.
    """
    images, characters, people = _drawings(files)
    classes, labels = np.unique(characters, return_inverse=True)
    tested = np.isin(
        people, np.random.default_rng([seed, len(people)]).choice(np.unique(people), TESTED, replace=False)
    )
    return ImageData(
        name=name,
        train_images=images[~tested],
        train_labels=labels[~tested].astype(np.int64),
        test_images=images[tested],
        test_labels=labels[tested].astype(np.int64),
        classes=tuple(map(str, classes)),
        max_value=255,
        description=f"{title}, {sizes(images[~tested], images[tested])}, by other people, chosen by seed {seed}",
    )


def character_vectors(files: tuple[Path, ...]) -> VectorFiles:
    """The pixels of all characters as rows of bytes (n, 784), without queries."""
    images = _drawings(files)[0].copy()
    names = ", ".join(file.name for file in files)
    base = images.reshape(len(images), -1)
    return VectorFiles(name="pixels", base=base, queries=None, ground_truth=None, metric="l2", sources=names)


@lru_cache(maxsize=1)
def _drawings(files: tuple[Path, ...]) -> tuple[Images, tuple[str, ...], tuple[int, ...]]:
    """Images (n, 28, 28), the character of each and the number of the person who drew it, in the order of names."""
    found = {key: image for path in files for key, image in read_archive(path).items()}
    keys = sorted(found)
    return np.stack([found[key] for key in keys]), tuple(key[0] for key in keys), tuple(int(key[1]) for key in keys)


def read_archive(path: Path) -> dict[tuple[str, str], Images]:
    """(character, person) -> image (28, 28), of one archive. Raises InputError for whatever is wrong with it."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            found = {_key(member): _image(archive.read(member)) for member in members}
        if not found:
            raise ValueError("no drawing in it")
    except Exception as error:  # of a damaged file the readers of zip, deflate and PNG raise anything
        why = f"{type(error).__name__}: {brief(error)}"
        raise InputError(f"{path}: not readable as drawings of Omniglot ({why}). Fetch it again.") from error
    return found


def _key(member: zipfile.ZipInfo) -> tuple[str, str]:
    """Character and person of a member, whose name and size are looked at before anything is unpacked."""
    name = NAME.fullmatch(member.filename)
    if name is None or ".." in member.filename:
        raise ValueError(f"{member.filename!r}, expected names such as set/Greek/character01/0394_01.png")
    if member.file_size > LARGEST_MEMBER:
        raise ValueError(f"{member.filename} of {member.file_size} bytes, expected at most {LARGEST_MEMBER}")
    return name["character"], name["person"]


def _image(content: bytes) -> Images:
    """A drawing (28, 28) uint8, ink high."""
    from PIL import Image  # whoever only looks for files need not wait for it

    with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
        if image.size != (STORED_SIDE, STORED_SIDE) or image.mode != "1":  # its header, before anything is decoded
            raise ValueError(f"{image.size[0]} x {image.size[1]} pixels of mode {image.mode}, expected 105 x 105 of 1")
        ink = 255.0 - 255.0 * np.asarray(image)
    return np.rint(AREAS @ ink @ AREAS.T).astype(np.uint8)
