"""Labelled images as arrays: digits (always there), MNIST, Fashion-MNIST and CIFAR-10 (from the data folder), two
photographs.

A named data set is never replaced; only ``auto`` may choose, and what it chose is in the name and the description.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets import cifar, idx, store
from experiments.foundation.datasets.names import unknown_name
from experiments.lab.errors import InputError

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]

IMAGE_SETS = ("auto", "cifar10", "digits", "fashion", "mnist")
DIGITS = tuple(str(digit) for digit in range(10))
FASHION = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
TEST_IMAGES_OF_DIGITS = 360


@dataclass(frozen=True, kw_only=True)
class ImageData:
    """Images for training and test."""

    name: str
    """The data set that was taken, also where ``auto`` was asked for."""
    train_images: Images
    """(n, h, w) gray or (n, h, w, 3) red, green, blue."""
    train_labels: Labels
    test_images: Images
    test_labels: Labels
    classes: tuple[str, ...]
    """Name of each label."""
    max_value: int
    """Largest value that a pixel can have: 255, or 16 for digits."""
    description: str
    """One sentence for the record: what it is, the sizes, and why it was chosen."""


def load_images(dataset: str, *, seed: int, allow_fetch: bool = True) -> ImageData:
    """The image data set ``dataset``: digits, mnist, fashion, cifar10, or auto.

    ``seed`` splits digits, which have no test set of their own; the others come with theirs. ``auto`` is MNIST where
    it is present, or can be fetched (with ``allow_fetch``; tried for three seconds at most when there is no network),
    else digits.
    Raises InputError for an unknown name, for a named data set that is not there, and for damaged files.
    """
    if dataset == "auto":
        return _auto(seed, allow_fetch)
    if dataset == "digits":
        return _digits(seed)
    if dataset in ("mnist", "fashion"):
        return _copied(_from_idx(store.files_of(dataset), dataset))
    if dataset == "cifar10":
        return _copied(_from_cifar(store.files_of(dataset)))
    raise unknown_name("image data set", dataset, IMAGE_SETS)


def load_photo(name: Literal["china", "flower"]) -> Images:
    """One of scikit-learn's two photographs, uint8 (427, 640, 3)."""
    from sklearn.datasets import load_sample_image

    if name not in ("china", "flower"):
        raise unknown_name("photograph", name, ("china", "flower"))
    return np.ascontiguousarray(load_sample_image(f"{name}.jpg"))


def _auto(seed: int, allow_fetch: bool) -> ImageData:
    reason: str | None = "fetching was not allowed"
    if store.locate("mnist") is None and allow_fetch:
        reason = store.fetch_if_reachable("mnist")
    if store.locate("mnist") is not None:
        chosen, why = load_images("mnist", seed=seed), "chosen because MNIST is there"
    else:
        chosen, why = _digits(seed), f"the embedded set, because MNIST is not there ({reason})"
    return replace(chosen, description=f"{chosen.description}; {why}")


def _digits(seed: int) -> ImageData:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    train_x, test_x, train_y, test_y = train_test_split(
        bunch.images.astype(np.uint8),
        bunch.target.astype(np.int64),
        test_size=TEST_IMAGES_OF_DIGITS,
        stratify=bunch.target,
        random_state=seed,
    )
    return ImageData(
        name="digits",
        train_images=train_x,
        train_labels=train_y,
        test_images=test_x,
        test_labels=test_y,
        classes=DIGITS,
        max_value=16,
        description=(
            f"digits of scikit-learn, 8 x 8, values 0 to 16: {len(train_x)} for training, {len(test_x)} for test, "
            f"stratified split by seed {seed}"
        ),
    )


@lru_cache(maxsize=2)
def _from_idx(files: tuple[Path, ...], name: str) -> ImageData:
    train_images, train_labels = _labelled(files[0], files[1])
    test_images, test_labels = _labelled(files[2], files[3])
    if train_images.shape[1:] != test_images.shape[1:]:
        shapes = f"{train_images.shape[1:]} in {files[0]} and {test_images.shape[1:]} in {files[2]}"
        raise InputError(f"images for training and test differ in shape: {shapes}.")
    return ImageData(
        name=name,
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        classes=DIGITS if name == "mnist" else FASHION,
        max_value=255,
        description=f"{'MNIST' if name == 'mnist' else 'Fashion-MNIST'}, {_sizes(train_images, test_images)}",
    )


def _labelled(image_path: Path, label_path: Path) -> tuple[Images, Labels]:
    images = idx.read_idx(image_path, magic=idx.IMAGES_MAGIC)
    labels = idx.read_idx(label_path, magic=idx.LABELS_MAGIC)
    if len(images) != len(labels):
        raise InputError(f"{image_path} holds {len(images)} images, but {label_path} {len(labels)} labels.")
    if len(images) == 0 or labels.max() >= len(DIGITS):
        raise InputError(f"{label_path}: expected labels from 0 to 9 for at least one image.")
    return images, labels.astype(np.int64)


@lru_cache(maxsize=1)
def _from_cifar(files: tuple[Path, ...]) -> ImageData:
    read = cifar.read_cifar_binary if files[0].suffix == ".bin" else cifar.read_cifar_pickle
    batches = [read(path) for path in files]
    images = np.concatenate([batch_images for batch_images, _ in batches[:-1]])
    labels = np.concatenate([batch_labels for _, batch_labels in batches[:-1]])
    test_images, test_labels = batches[-1]
    return ImageData(
        name="cifar10",
        train_images=images,
        train_labels=labels,
        test_images=test_images,
        test_labels=test_labels,
        classes=cifar.CLASSES,
        max_value=255,
        description=f"CIFAR-10, {_sizes(images, test_images)}",
    )


def _sizes(train: Images, test: Images) -> str:
    shape = " x ".join(str(side) for side in train.shape[1:])
    return f"{shape}: {len(train)} for training, {len(test)} for test"


def _copied(data: ImageData) -> ImageData:
    """The caller's own arrays: those in the cache must not change, and torch warns of read-only ones."""
    return replace(
        data,
        train_images=data.train_images.copy(),
        train_labels=data.train_labels.copy(),
        test_images=data.test_images.copy(),
        test_labels=data.test_labels.copy(),
    )
