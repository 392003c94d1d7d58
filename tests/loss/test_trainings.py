"""What the studies are made of: the ensemble against torch's Adam, data with known answers, thresholds, tuning."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch

from experiments.loss.core import digits_study
from experiments.loss.judging import judge_instances
from experiments.loss.tuning import best_of_grid, why_untuned


def test_noisy_labels_are_other_labels() -> None:
    labels = torch.zeros(2000, dtype=torch.int64)
    noisy = digits_study.noisy_labels(labels, 0.3, 10, torch.Generator().manual_seed(0))
    assert (noisy != labels).double().mean().item() == pytest.approx(0.3, abs=0.05)
    assert set(noisy.tolist()) == set(range(10))


@pytest.mark.parametrize("corruption", ["gauss", "salt", "shift"])
def test_corruption_of_no_severity_changes_nothing_and_values_stay_in_range(
    corruption: digits_study.Corruption,
) -> None:
    images = torch.rand(5, 8, 8, generator=torch.Generator().manual_seed(0))
    rng = torch.Generator().manual_seed(1)
    assert torch.equal(digits_study.corrupt(images, corruption, 0.0, rng), images)
    found = digits_study.corrupt(images, corruption, 0.5, rng)
    assert not torch.equal(found, images)
    assert 0 <= found.min() <= found.max() <= 1


def test_a_score_that_is_not_a_number_counts_as_wrong() -> None:
    assert digits_study.accuracy(torch.tensor([[float("nan"), 1.0], [0.0, 1.0]]), torch.tensor([1, 1])) == 0.5


@dataclass(frozen=True)
class Tried:
    arm: str = "a"
    lr: float = 1.0
    score: float = 0.0
    witness: str = ""
    value: float = 0.0
    error: float = 0.0
    control_error: float = 1.0


def test_the_best_rate_is_that_of_the_mean_over_seeds_and_edges_are_named() -> None:
    rows = [Tried(lr=lr, score=score) for lr, score in ((1, 0.0), (2, 0.9), (2, 0.3), (3, 0.5), (3, 0.5))]
    best = best_of_grid(rows, lambda row: row.score)
    assert {row.lr for row in best["a"]} == {2}
    assert why_untuned(rows, [best["a"]]) is None
    assert why_untuned(rows, [[rows[0]]]) == "the best learning rate of a, 1, is an edge of its grid"


def test_an_instance_without_chance_counts_once() -> None:
    found = judge_instances([Tried(witness="x")] * 5).at(0.05)
    assert found.evidence["instances"] == 1
    assert found.verdict == "holds"
