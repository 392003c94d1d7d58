"""Claims of detect.stride on rows with a known answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.detect.stride import training
from experiments.detect.stride.training import ALL, NetworkRow
from experiments.lab.judge.measured import Pairs, Undecided


def read(stride: int, lr: float, pictures: str, error: float, *, seed: int, dilated: bool = False) -> NetworkRow:
    name = f"stride {stride}" + ", dilated" * dilated
    errors = {"cell_error": error, "offset_error": error / 2, "ideal_error": 0.4 * stride, "theory": 0.4 * stride}
    where = {"network": name, "stride": stride, "dilated": dilated, "lr": lr, "pictures": pictures}
    return NetworkRow(seed=seed, budget=ALL, class_accuracy=1 / (1 + error), **where, **errors)


def rows() -> list[NetworkRow]:
    """Validation is best at 0.1, where the error on test pictures is 0.4 strides; elsewhere that is smaller."""
    return [
        read(stride, lr, pictures, scale * stride, seed=seed, dilated=dilated)
        for seed in range(3)
        for stride, dilated in ((4, False), (8, False), (16, False), (4, True))
        for lr, held_out, test in ((0.01, 3.0, 0.1), (0.1, 1.0, 0.4), (1.0, 2.0, 0.2))
        for pictures, scale in (("validation", held_out), ("test", test))
    ]


def test_rates_are_chosen_on_validation_pictures() -> None:
    found = training.cell_and_ideal_error(rows())
    assert list(found) == ["stride 4", "stride 8", "stride 16"]
    for pairs in found.values():
        assert isinstance(pairs, Pairs)
        assert pairs.treatment == pytest.approx(pairs.baseline)


def test_the_dilated_network_stands_beside_the_largest_stride() -> None:
    pairs = training.largest_stride_and_dilated(rows())
    assert isinstance(pairs, Pairs)
    assert pairs.treatment == pytest.approx(dict.fromkeys(range(3), 3.2))
    assert pairs.baseline == pytest.approx(dict.fromkeys(range(3), 0.8))


def test_a_rate_at_the_edge_of_the_grid_decides_nothing() -> None:
    kept = [row for row in rows() if row.lr <= 0.1]
    assert all(isinstance(found, Undecided) for found in training.cell_and_ideal_error(kept).values())


def test_accuracy_is_chosen_by_accuracy_at_each_budget() -> None:
    short = [replace(row, budget="a third of the updates") for row in rows()]
    found = training.accuracy_of_ends([*rows(), *short])
    assert list(found) == ["a third of the updates", "all updates"]
    assert all(isinstance(pairs, Pairs) for pairs in found.values())
