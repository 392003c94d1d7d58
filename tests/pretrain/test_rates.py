"""Arms at their best rates: what is compared, and when nothing is."""

from __future__ import annotations

import pytest

from experiments.lab.judge.measured import NotMeasured, Pairs, Points, Undecided
from experiments.pretrain.rates import FineTunedRow, at_best, compared, gain_by_labels, gain_lost, with_labels

LRS = (1e-3, 1e-2, 1e-1)


def rows(arm: str, labels: int, best: float, accuracy: float) -> list[FineTunedRow]:
    """Two seeds at three rates, of which ``best`` has the highest validation accuracy."""
    return [
        FineTunedRow(
            seed=seed,
            dataset="digits",
            arm=arm,
            labels_per_class=labels,
            lr=lr,
            train_loss=0.0,
            validation_accuracy=0.9 if lr == best else 0.5,
            test_accuracy=accuracy + seed / 100 if lr == best else 0.99,
            test_images=300,
        )
        for seed in (0, 1)
        for lr in LRS
    ]


def test_test_accuracy_is_read_at_the_rate_of_validation() -> None:
    found = compared([*rows("a", 5, 1e-2, 0.7), *rows("b", 5, 1e-2, 0.6)], "a", "b", 5)
    assert found == Pairs({0: 0.7, 1: 0.71}, {0: 0.6, 1: 0.61}, items=300)


def test_a_rate_at_the_edge_decides_nothing() -> None:
    found = compared([*rows("a", 5, 1e-2, 0.7), *rows("b", 5, 1e-1, 0.6)], "a", "b", 5)
    assert isinstance(found, Undecided)
    assert "largest of its grid" in found.reason


@pytest.mark.parametrize("missing", ["c", "a"])
def test_a_missing_arm_is_named(missing: str) -> None:
    found = compared(rows("b", 5, 1e-2, 0.6), missing, "b", 5)
    assert found == NotMeasured(f"needs the arms {missing} and b with 5 labels per class")
    assert isinstance(with_labels("b", "b", 20)(rows("b", 5, 1e-2, 0.6)), NotMeasured)


def test_gains_stand_over_the_numbers_of_labels() -> None:
    several = [row for n in (2, 5, 20) for row in (*rows("a", n, 1e-2, 0.9), *rows("b", n, 1e-2, 0.9 - 1 / n))]
    found = gain_by_labels("a", "b")(several)
    assert isinstance(found, Points)
    assert found.x == [2, 5, 20]
    assert found.y[1] == pytest.approx([0.5, 0.2, 0.05])
    assert len(at_best(several)) == 12
    lost = gain_lost("a", "b", 2, 20)(several)
    assert isinstance(lost, Pairs)
    assert (lost.treatment[1], lost.baseline[1]) == pytest.approx((0.5, 0.05))
    assert gain_lost("a", "c", 2, 20)(several) == NotMeasured("needs the arms a and c with 2 labels per class")
