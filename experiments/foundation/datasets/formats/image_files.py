"""Labelled images from their native files: MNIST's four IDX files and CIFAR-10's batches.

What was read last is kept, because a study of five seeds asks for the same files five times. Everybody gets copies:
the kept arrays must not change, and torch warns of read-only ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.formats import cifar, idx
from experiments.foundation.datasets.formats.vector_files import VectorFiles
from experiments.lab.errors import InputError

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class ImageData:
    """Images for training and test."""

    name: str
    """The data set that was taken, also where ``auto`` was asked for."""
    train_images: Images
    """(n, h, w) gray or (n, h, w, 3) red, green, blue."""
    train_labels: Labels
    """(n,), numbers of ``classes``."""
    test_images: Images
    """(m, h, w) or (m, h, w, 3)."""
    test_labels: Labels
    """(m,)."""
    classes: tuple[str, ...]
    """Name of each label."""
    max_value: int
    """Largest value that a pixel can have: 255, or 16 for digits."""
    description: str
    """One sentence for the record: what it is, the sizes, and why it was chosen."""


def read_idx_images(files: tuple[Path, ...], name: str, title: str, classes: tuple[str, ...]) -> ImageData:
    """Images and labels for training, images and labels for test, in four IDX files.

    Raises InputError for files that are damaged, differ in length or shape, or have labels beyond ``classes``.
    """
    return _copied(_from_idx(files, name, title, classes))


def read_idx_vectors(files: tuple[Path, ...]) -> VectorFiles:
    """The pixels of the same four files as rows of bytes: base (n, h w) and queries (m, h w), without ground truth."""
    base, queries = (idx.read_idx(files[i], magic=idx.IMAGES_MAGIC) for i in (0, 2))
    train, test = (pixels.reshape(len(pixels), -1) for pixels in (base, queries))
    names = ", ".join(files[i].name for i in (0, 2))
    return VectorFiles(name="pixels", base=train, queries=test, ground_truth=None, metric="l2", sources=names)


def read_cifar_images(files: tuple[Path, ...], name: str, title: str, classes: tuple[str, ...]) -> ImageData:
    """CIFAR-10's batches, all ``.bin`` or all pickles, of which the last is for test.

    Raises InputError for a damaged file.
    """
    return _copied(_from_cifar(files, name, title, classes))


def sizes(train: Images, test: Images) -> str:
    """``28 x 28: 60000 for training, 10000 for test``."""
    shape = " x ".join(str(side) for side in train.shape[1:])
    return f"{shape}: {len(train)} for training, {len(test)} for test"


@lru_cache(maxsize=2)
def _from_idx(files: tuple[Path, ...], name: str, title: str, classes: tuple[str, ...]) -> ImageData:
    train_images, train_labels = _labelled(files[0], files[1], len(classes))
    test_images, test_labels = _labelled(files[2], files[3], len(classes))
    if train_images.shape[1:] != test_images.shape[1:]:
        shapes = f"{train_images.shape[1:]} in {files[0]} and {test_images.shape[1:]} in {files[2]}"
        raise InputError(f"images for training and test differ in shape: {shapes}.")
    return ImageData(
        name=name,
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        classes=classes,
        max_value=255,
        description=f"{title}, {sizes(train_images, test_images)}",
    )


def _labelled(image_path: Path, label_path: Path, n_classes: int) -> tuple[Images, Labels]:
    images = idx.read_idx(image_path, magic=idx.IMAGES_MAGIC)
    labels = idx.read_idx(label_path, magic=idx.LABELS_MAGIC)
    if len(images) != len(labels):
        raise InputError(f"{image_path} holds {len(images)} images, but {label_path} {len(labels)} labels.")
    if len(images) == 0 or labels.max() >= n_classes:
        raise InputError(f"{label_path}: expected labels from 0 to {n_classes - 1} for at least one image.")
    return images, labels.astype(np.int64)


@lru_cache(maxsize=1)
def _from_cifar(files: tuple[Path, ...], name: str, title: str, classes: tuple[str, ...]) -> ImageData:
    read = cifar.read_cifar_binary if files[0].suffix == ".bin" else cifar.read_cifar_pickle
    batches = [read(path) for path in files]
    images = np.concatenate([batch_images for batch_images, _ in batches[:-1]])
    labels = np.concatenate([batch_labels for _, batch_labels in batches[:-1]])
    test_images, test_labels = batches[-1]
    return ImageData(
        name=name,
        train_images=images,
        train_labels=labels,
        test_images=test_images,
        test_labels=test_labels,
        classes=classes,
        max_value=255,
        description=f"{title}, {sizes(images, test_images)}",
    )


def _copied(data: ImageData) -> ImageData:
    return replace(
        data,
        train_images=data.train_images.copy(),
        train_labels=data.train_labels.copy(),
        test_images=data.test_images.copy(),
        test_labels=data.test_labels.copy(),
    )
