"""Tasks with rare positives whose answers are known, and how they are scored."""

from __future__ import annotations

import pytest
import torch
from sklearn.metrics import average_precision_score

from experiments.loss.core import imbalance

RNG = torch.Generator().manual_seed(0)
SCORES, TARGETS = torch.rand(60, generator=RNG), (torch.rand(60, generator=RNG) < 0.2).float()


@pytest.mark.parametrize("scores", [SCORES, SCORES.mul(5).round(), torch.zeros(60)], ids=["apart", "equal", "constant"])
def test_average_precision_is_sklearns(scores: torch.Tensor) -> None:
    found = imbalance.average_precision(scores, TARGETS)
    assert found == pytest.approx(average_precision_score(TARGETS.numpy(), scores.numpy()))


def test_a_network_that_says_nan_ranks_no_better_than_chance() -> None:
    positives_first = TARGETS.sort(descending=True).values
    found = imbalance.average_precision(torch.full((60,), torch.nan), positives_first)
    assert found == pytest.approx(TARGETS.mean().item())


def test_average_precision_is_torchmetrics() -> None:
    torchmetrics = pytest.importorskip("torchmetrics.functional.classification", reason="extra: test")
    expected = torchmetrics.binary_average_precision(SCORES, TARGETS.int())
    assert imbalance.average_precision(SCORES, TARGETS) == pytest.approx(float(expected), abs=1e-6)


def test_clouds_have_the_ratio_asked_for_and_their_likelihood_ratio_ranks_best() -> None:
    inputs, targets = imbalance.clouds(5050, 100, torch.Generator().manual_seed(0))
    assert targets.sum() == 50
    best = imbalance.average_precision(imbalance.clouds_likelihood_ratio(inputs), targets)
    assert best > imbalance.average_precision(inputs[:, 0].abs(), targets) > 50 / 5050


def test_a_heat_map_has_one_positive_cell_in_1024_with_the_plus_around_it() -> None:
    patches, targets = imbalance.dense(3, 1e-6, torch.Generator().manual_seed(0))
    assert patches.shape == (3 * 1024, 25)
    assert targets.sum() == 3
    assert (patches[targets > 0] - imbalance.PLUS.flatten()).min() > -1e-4


def test_easy_negatives_are_those_below_three_tenths() -> None:
    probability, targets = torch.tensor([0.1, 0.29, 0.31, 0.1]), torch.tensor([0.0, 0.0, 0.0, 1.0])
    assert imbalance.easy_share(torch.ones(4), probability, targets) == 0.5
