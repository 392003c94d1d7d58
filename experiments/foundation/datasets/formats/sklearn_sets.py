"""The sets that come with scikit-learn and need no files: digits, tables of features, two photographs.

scikit-learn is imported when one of them is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.formats.image_files import ImageData, Images, sizes
from experiments.foundation.datasets.formats.vector_files import VectorFiles

TEST_IMAGES_OF_DIGITS = 360


@dataclass(frozen=True, kw_only=True)
class TableData:
    """n observations of d features with one target each."""

    name: str
    features: NDArray[np.float64]
    """(n, d), in the units of the source."""
    targets: NDArray[Any]
    """(n,): int64 class labels, or float64 where ``classes`` is empty."""
    feature_names: tuple[str, ...]
    classes: tuple[str, ...]
    """Name of each label; empty for a regression."""
    description: str
    """One sentence for the record."""


def digit_images(seed: int, classes: tuple[str, ...]) -> ImageData:
    """The 1,797 digits (8, 8), values 0 to 16: 360 for test, a split by ``seed`` that keeps the shares of classes."""
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
    shape, counts = sizes(train_x, test_x).split(":")
    return ImageData(
        name="digits",
        train_images=train_x,
        train_labels=train_y,
        test_images=test_x,
        test_labels=test_y,
        classes=classes,
        max_value=16,
        description=f"digits of scikit-learn, {shape}, values 0 to 16:{counts}, stratified split by seed {seed}",
    )


def digit_vectors() -> VectorFiles:
    """The pixels of all digits as rows of bytes (1797, 64), in the order of scikit-learn, without queries."""
    from sklearn.datasets import load_digits

    return VectorFiles(
        name="digits",
        base=load_digits().data.astype(np.uint8),
        queries=None,
        ground_truth=None,
        metric="l2",
        sources="digits of scikit-learn",
    )


def read_photo(name: str) -> Images:
    """The photograph china or flower, uint8 (427, 640, 3) red, green, blue."""
    from sklearn.datasets import load_sample_image

    return np.ascontiguousarray(load_sample_image(f"{name}.jpg"))


def read_table(name: str) -> TableData:
    """iris, wine, breast_cancer (classes) or diabetes (disease progression, features not scaled)."""
    from sklearn import datasets

    unscaled = {"scaled": False} if name == "diabetes" else {}
    bunch = getattr(datasets, f"load_{name}")(**unscaled)
    classes = tuple(str(label) for label in bunch.get("target_names", ()))
    n_rows, n_features = bunch.data.shape
    return TableData(
        name=name,
        features=np.asarray(bunch.data, dtype=np.float64),
        targets=np.asarray(bunch.target, dtype=np.int64 if classes else np.float64),
        feature_names=tuple(str(feature) for feature in bunch.feature_names),
        classes=classes,
        description=f"{name} of scikit-learn: {n_rows} rows, {n_features} features, {len(classes) or 'no'} classes",
    )
