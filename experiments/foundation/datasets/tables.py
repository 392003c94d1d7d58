"""Tables of features: the sets that come with scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.names import unknown_name

TABLES = ("breast_cancer", "diabetes", "iris", "wine")


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


def load_table(name: str) -> TableData:
    """iris, wine, breast_cancer (classes) or diabetes (disease progression, features not scaled)."""
    from sklearn import datasets

    if name not in TABLES:
        raise unknown_name("table", name, TABLES)
    bunch = datasets.load_diabetes(scaled=False) if name == "diabetes" else getattr(datasets, f"load_{name}")()
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
