"""train.regularization: remedies against what they must do, and the choice of their strength."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from experiments.foundation.networks.evaluation import network_accuracy
from experiments.foundation.networks.split import Examples, Split
from experiments.lab.judge.rules import compare
from experiments.train.regularization import penalty, remedies
from experiments.train.regularization.remedies import RemedyRow
from experiments.train.regularization.setup import Params, prepare
from experiments.train.regularization.training import fit_with


def unit_vectors() -> Split:
    """Ten classes, each three times one unit vector, in every part."""
    part = Examples(torch.eye(10).repeat(3, 1), torch.arange(10).repeat(3))
    return Split(train=part, validation=part, test=part, shape=(1, 1, 10), classes=10, name="units", description="")


@pytest.mark.parametrize("remedy", ["l1", "l2"])
def test_a_strong_penalty_keeps_a_network_from_learning(remedy: str) -> None:
    data = unit_vectors()
    free = fit_with("none", 0.0, data, width=16, steps=150, seed=0)
    bound = fit_with(remedy, 100.0, data, width=16, steps=150, seed=0)
    assert network_accuracy(free, data.train) == 1
    assert network_accuracy(bound, data.train) < 0.5


def test_early_stopping_keeps_the_best_weights_on_validation_data() -> None:
    data = unit_vectors()
    wrong = replace(data, train=Examples(data.train.inputs, (data.train.labels + 1) % 10))
    kept, last = (fit_with(remedy, 0.0, wrong, width=16, steps=150, seed=0) for remedy in ("early_stop", "none"))
    assert network_accuracy(last, data.validation) == 0
    assert network_accuracy(kept, data.validation) >= network_accuracy(last, data.validation)
    assert network_accuracy(kept, wrong.train) < network_accuracy(last, wrong.train)


def test_losses_of_one_network_differ_under_dropout_alone() -> None:
    _, row = penalty.run(prepare(Params(), 0))
    assert (row.case, row.error) == (penalty.NETWORK, row.control_error)
    assert row.error > 0.01


def test_a_width_is_the_strength_of_a_smaller_network() -> None:
    data = unit_vectors()
    network = fit_with("small", 4.0, data, width=16, steps=1, seed=0)
    assert [layer.out_features for layer in network if isinstance(layer, nn.Linear)] == [4, 10]


def row(seed: int, remedy: str, strength: float, accuracy: float) -> RemedyRow:
    return RemedyRow(
        seed=seed,
        dataset="digits",
        remedy=remedy,
        strength=strength,
        train_accuracy=1.0,
        validation_accuracy=accuracy,
        test_accuracy=accuracy,
    )


def rows_of(remedy: str, strengths: dict[float, float]) -> list[RemedyRow]:
    """Three seeds of a remedy, accuracy by strength, and none at 0.5."""
    none = [row(seed, "none", 0.0, 0.5) for seed in range(3)]
    return none + [row(s, remedy, at, right + s / 1000) for at, right in strengths.items() for s in range(3)]


@pytest.mark.parametrize(
    ("strengths", "outcome"),
    [({0.1: 0.7, 1.0: 0.6}, "holds"), ({0.1: 0.5, 1.0: 0.4}, "refuted"), ({0.1: 0.6, 1.0: 0.7}, "inconclusive")],
)
def test_the_best_strength_counts_unless_it_lies_on_the_strong_edge(
    strengths: dict[float, float], outcome: str
) -> None:
    l2 = next(claim for claim in remedies.PART.claims if claim.name == "l2_helps")
    assert compare(l2.rule, l2.measure(rows_of("l2", strengths))).outcome == outcome


@pytest.mark.parametrize(("widths", "outcome"), [({4: 0.6, 16: 0.7}, "holds"), ({4: 0.7, 16: 0.6}, "inconclusive")])
def test_the_narrowest_network_is_the_strong_edge(widths: dict[float, float], outcome: str) -> None:
    small = next(claim for claim in remedies.PART.claims if claim.name == "a_smaller_network_helps")
    assert compare(small.rule, small.measure(rows_of("small", widths))).outcome == outcome
