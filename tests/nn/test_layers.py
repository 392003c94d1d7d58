"""Statements about single layers: right ones hold, wrong ones are found out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from experiments.foundation.costs import parameter_counts
from experiments.foundation.networks.timing import reproducible
from experiments.lab.judge.rules import compare
from experiments.nn.core import xor
from experiments.nn.layers import exclusive_or, training
from experiments.nn.layers import single_layers as layers
from experiments.nn.layers.setup import ROUNDING
from experiments.nn.layers.training import TrainingRow


@pytest.fixture
def x() -> torch.Tensor:
    return layers.standard_normal(torch.Generator().manual_seed(0), (24, 5))


def test_every_statement_holds_and_its_control_fails(x: torch.Tensor) -> None:
    generator = torch.Generator().manual_seed(1)
    with reproducible(0):
        trials = [
            *layers.neuron_trials(x),
            layers.collapse_trial(x, depth=5, width=12),
            layers.sequential_trial(x),
            *layers.dropout_trials(x, 0.3),
            layers.convolution_trial(generator),
        ]
    for trial in (trial for trial in trials if trial.statement != "rest untouched"):
        assert trial.error < ROUNDING, trial
        assert trial.control_error > 1e-3, trial


def test_the_threshold_is_minus_the_bias(x: torch.Tensor) -> None:
    with reproducible(3):
        trials = [list(layers.threshold_trials(x)) for _ in range(20)]
    assert sum(minus.error for minus, _ in trials) == 0
    assert sum(plus.error for _, plus in trials) > 10


def test_a_linear_layer_is_found_to_be_affine(x: torch.Tensor) -> None:
    trial = layers.affinity_trial(x, x.flip(0), 0.3)
    assert trial.error == 1
    assert "differ by" in trial.counterexample


def test_batch_norm_standardizes_a_batch_in_training_alone(x: torch.Tensor) -> None:
    training, evaluation = layers.batch_norm_trials(5 * x + 2)
    assert training.error < 1e-4 < training.control_error
    assert evaluation.error < 1e-12 < evaluation.control_error


def test_dropout_survivors_are_doubled_at_one_half() -> None:
    with reproducible(0):
        shares = list(layers.dropout_share_trials(40_000, 0.5))
        by_case = {t.case: t for t in layers.dropout_trials(torch.full((200,), 3.0, dtype=torch.float64), 0.5)}
    assert max(trial.error for trial in shares) < 4
    assert [trial.control_error for trial in shares] == pytest.approx([200, 100])
    assert by_case["in training"].error == 3.0
    assert by_case["in evaluation"].error == 0.0


@pytest.mark.parametrize("seed", range(10))
def test_closed_forms_count_torchs_parameters(seed: int) -> None:
    for trial in layers.count_trials(np.random.default_rng(seed)):
        assert trial.error == 0, trial.counterexample
        assert trial.control_error > 0


def test_closed_forms_without_bias_count_torchs_layers_without_bias() -> None:
    def numel(module: nn.Module) -> int:
        return sum(parameter.numel() for parameter in module.parameters())

    assert parameter_counts.linear(3, 4, bias=False) == numel(nn.Linear(3, 4, bias=False))
    assert parameter_counts.conv2d(4, 6, 3, groups=2, bias=False) == numel(nn.Conv2d(4, 6, 3, groups=2, bias=False))
    assert parameter_counts.recurrent("lstm", 3, 5, layers=2, bias=False) == numel(nn.LSTM(3, 5, 2, bias=False))
    assert parameter_counts.transformer_layer(8, 12, bias=False) == numel(
        nn.TransformerEncoderLayer(8, 2, 12, bias=False)
    )


def test_no_line_divides_exclusive_or() -> None:
    """All labellings that a line can give four points are 14 of 16: this one and its opposite are missing."""
    lines = torch.randn(20_000, 3, generator=torch.Generator().manual_seed(0))
    seen = {tuple(row) for row in (lines[:, :2] @ xor.POINTS.T + lines[:, 2:] > 0).tolist()}
    assert len(seen) == 14
    assert tuple((xor.LABELS > 0).tolist()) not in seen
    assert torch.equal(xor.two_relus(xor.POINTS) > 0, xor.LABELS > 0)


def test_layers_learn_exclusive_or_only_with_an_activation() -> None:
    generator = torch.Generator().manual_seed(0)
    with reproducible(0):
        trials = [trial for _ in range(3) for trial in exclusive_or.xor_trials(generator)]
    assert max(trial.error for trial in trials) == 0
    assert max(trial.control_error for trial in trials if trial.case == "trained linear layers") == 1


RATES = (0.1, 0.2, 0.3)


def trainings(steps: dict[float, int], with_norm: bool, reached: bool = True) -> list[TrainingRow]:
    return [
        TrainingRow(
            init="he",
            batch_norm=with_norm,
            dataset="digits",
            seed=seed,
            lr=lr,
            steps_to_target=count + seed,
            reached=reached,
            train_accuracy=0.5,
        )
        for lr, count in steps.items()
        for seed in range(6)
    ]


def verdict_of(rows: list[TrainingRow]) -> str:
    (claim,) = training.PART.claims
    return compare(claim.rule, claim.measure(rows)).outcome


@pytest.mark.parametrize(("slow", "verdict"), [(90, "holds"), (44, "refuted")])
def test_arms_of_batch_norm_are_compared_at_their_fastest_rates(slow: int, verdict: str) -> None:
    without = trainings({0.05: 210, 0.1: 200, 0.2: slow, 0.3: 150}, with_norm=False)
    assert verdict_of([*without, *trainings({0.1: 80, 0.2: 60, 0.3: 40, 0.4: 70}, with_norm=True)]) == verdict


def test_the_figure_tells_the_steps_at_the_fastest_rates() -> None:
    rows = [*trainings({0.1: 90, 0.2: 60, 0.3: 70}, False), *trainings({0.1: 40, 0.2: 30, 0.3: 50}, True)]
    said = "At its fastest rate a network with he weights takes 62 steps, 32 with batch norm"
    assert training.steps_at_the_fastest(rows) == said


def test_a_fastest_rate_at_the_edge_of_the_grid_is_undecided() -> None:
    without = trainings({0.1: 90, 0.2: 100, 0.3: 110}, with_norm=False)
    assert verdict_of([*without, *trainings(dict.fromkeys(RATES, 40), with_norm=True)]) == "inconclusive"


def test_an_arm_that_never_arrives_has_no_best_rate_and_loses() -> None:
    without = trainings(dict.fromkeys(RATES, 200), with_norm=False, reached=False)
    assert verdict_of([*without, *trainings({0.1: 80, 0.2: 40, 0.3: 60}, with_norm=True)]) == "holds"
