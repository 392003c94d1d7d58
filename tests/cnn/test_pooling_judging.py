"""What cnn.pooling and cnn.activation make of rows: absent arms, optima at the edge, and plain differences."""

from __future__ import annotations

import math

import pytest
from experiments.cnn.activation_trials import Row as ActivationRow

from experiments.cnn import activation_claims as activation
from experiments.cnn import pooling_claims as pooling
from experiments.cnn.pooling_rows import Row, Stays, move_columns
from experiments.lab.judge.claims import Comparison

LRS = (1e-3, 1e-2, 1e-1)


def swept(pool: str, accuracies: tuple[float, ...], test_accuracy: float) -> list[Row]:
    rows = []
    for seed in range(5):
        noise = 0.001 * ((seed * 3) % 5)
        for lr, accuracy in zip(LRS, accuracies, strict=True):
            rows.append(Row(part="sweep", case=pool, pool=pool, lr=lr, validation_accuracy=accuracy + noise, seed=seed))
        best = dict(zip(accuracies, LRS, strict=True))[max(accuracies)]
        shown = {
            "validation_accuracy": max(accuracies),
            "test_accuracy": test_accuracy + (noise if pool == "max" else 0),
        }
        rows.append(Row(part="trained", case=pool, pool=pool, lr=best, seed=seed, **shown))
    return rows


def verdict(comparison: Comparison) -> str:
    return comparison.at(0.05).verdict


def test_an_arm_that_was_not_trained_makes_a_claim_unavailable() -> None:
    found = pooling.max_pooling_is_more_accurate_than_average(swept("max", (0.5, 0.9, 0.6), 0.9))
    assert verdict(found) == "not judged"
    assert "needs avg among the kinds" in found.at(0.05).summary


def test_a_best_learning_rate_at_the_edge_decides_nothing() -> None:
    rows = swept("max", (0.5, 0.9, 0.6), 0.9) + swept("avg", (0.5, 0.7, 0.8), 0.8)
    found = pooling.max_pooling_is_more_accurate_than_average(rows).at(0.05)
    assert (found.verdict, found.summary) == (
        "inconclusive",
        "the best learning rate of avg, 0.1, is an edge of its grid",
    )


def test_a_clear_difference_between_tuned_arms_is_judged() -> None:
    rows = swept("max", (0.5, 0.9, 0.6), 0.9) + swept("avg", (0.5, 0.8, 0.7), 0.8)
    assert verdict(pooling.max_pooling_is_more_accurate_than_average(rows)) == "holds"
    assert verdict(pooling.the_learning_rate_makes_the_gap(rows)) == "refuted"


def test_invariance_is_judged_per_amount_from_the_mildest() -> None:
    rows = []
    for amount, gain in ((1, 0.3), (4, 0.01)):
        for pool in ("max", "none"):
            for seed in range(5):
                score = 0.4 + (gain if pool == "max" else 0.0) + 0.002 * seed * (pool == "max")
                rows.append(
                    Row(
                        part="stability",
                        case=pool,
                        pool=pool,
                        weights="random",
                        transform="shift",
                        shift_pixels=float(amount),
                        invariance=score,
                        seed=seed,
                    )
                )
    found = pooling.max_pooling_is_invariant_to_shifts(rows)
    assert verdict(found) == "conditional"
    assert list(found.parts) == ["1 pixels", "4 pixels"]  # type: ignore[attr-defined]


def test_a_move_is_written_in_the_column_of_its_unit() -> None:
    one = Stays("scale", 0.6, 1.0, 1.0, 1.0, 1.0)
    row = Row(part="stability", case="max", **move_columns(one))
    assert (row.scale_factor, row.amount) == (0.6, 0.6)
    assert math.isnan(row.shift_pixels)


def activation_rows(name: str, accuracies: tuple[float, ...], test_accuracy: float) -> list[ActivationRow]:
    rows = []
    for seed in range(5):
        base = {"case": name, "activation": name, "init": "auto", "chance": 0.1, "seed": seed}
        for lr, accuracy in zip(LRS, accuracies, strict=True):
            rows.append(ActivationRow(part="sweep", lr=lr, validation_accuracy=accuracy, **base))  # type: ignore[arg-type]
        shown = test_accuracy + 0.001 * seed * (name == "relu")
        rows.append(ActivationRow(part="trained", lr=LRS[1], test_accuracy=shown, **base))  # type: ignore[arg-type]
    return rows


@pytest.mark.parametrize(("flat", "expected"), [(0.12, "holds"), (0.25, "inconclusive")])
def test_an_arm_at_chance_at_every_rate_has_no_edge(flat: float, expected: str) -> None:
    rows = activation_rows("relu", (0.5, 0.9, 0.6), 0.9)
    rows += activation_rows("sigmoid", (0.1, 0.11, flat), flat)
    assert verdict(activation.sigmoid_does_not_train_where_relu_does(rows)) == expected
