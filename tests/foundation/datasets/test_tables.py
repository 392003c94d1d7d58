from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_wine

from experiments.foundation.datasets.tables import load_table
from experiments.lab.errors import InputError


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [("iris", (150, 4), 3), ("wine", (178, 13), 3), ("breast_cancer", (569, 30), 2), ("diabetes", (442, 10), 0)],
)
def test_tables_have_their_known_sizes(name: str, shape: tuple[int, int], classes: int) -> None:
    table = load_table(name)
    assert table.features.shape == shape
    assert len(table.feature_names) == shape[1]
    assert len(table.classes) == classes
    assert table.targets.dtype == (np.int64 if classes else np.float64)


def test_wine_is_what_scikit_learn_gives() -> None:
    table = load_table("wine")
    np.testing.assert_array_equal(table.features, load_wine().data)
    np.testing.assert_array_equal(table.targets, load_wine().target)


def test_an_unknown_table_gets_a_suggestion() -> None:
    with pytest.raises(InputError) as raised:
        load_table("iirs")
    assert str(raised.value) == "unknown table iirs: did you mean iris?"


def test_a_set_of_another_kind_is_no_table() -> None:
    with pytest.raises(InputError) as raised:
        load_table("mnist")
    assert str(raised.value) == "unknown table mnist: expected one of breast_cancer, diabetes, iris, wine"
