"""Sets, losses and scores of loss.focal, and its claims on rows with a known answer."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from experiments.foundation.networks.ensemble import Member
from experiments.foundation.networks.scores import binary_losses
from experiments.lab.judge.rules import compare
from experiments.loss.focal import laws, starts, training
from experiments.loss.focal.setup import Params, Tasks, draw_set, prepare, scores
from experiments.loss.focal.starts import StartRow
from experiments.loss.focal.training import TrainingRow


def tasks() -> Tasks:
    return prepare(Params(examples=600, steps=10, losses=("ce", "focal")), 0)


@pytest.mark.parametrize(
    ("condition", "n", "size", "positives"),
    [("1:100", 5050, 5050, 50), ("dense 1:1023", 3 * 1024, 3 * 1024, 3), ("dense 1:1023", 5, 2 * 1024, 2)],
)
def test_sets_have_the_size_and_the_share_of_positives_of_their_condition(
    condition: str, n: int, size: int, positives: int
) -> None:
    inputs, targets = draw_set(condition, n, 0.8, torch.Generator().manual_seed(0))
    assert targets.sum() == positives
    assert len(inputs) == size


def test_scores_are_the_logits_however_many_examples_there_are() -> None:
    task, rng = tasks().task("1:100"), torch.Generator().manual_seed(0)
    ensemble = task.ensemble([Member(task.losses["ce"], 0.1, start) for start in (0, 1)], [0.0, 0.0], rng)
    found = scores(ensemble, task.train[0])
    torch.testing.assert_close(found, ensemble.logits(task.train[0]).detach()[..., 0])
    assert not found.requires_grad


def test_a_training_begins_at_the_loss_of_the_whole_set_at_both_biases() -> None:
    without, *_, with_prior = starts.run(tasks())
    assert (without.prior, with_prior.prior) == ("none", "set")
    even = binary_losses.focal(torch.zeros(600), tasks().task("1:100").train[1], alpha=0.25).mean()
    assert without.initial_loss == pytest.approx(even.item(), rel=0.5)
    assert without.initial_loss > 2 * with_prior.initial_loss


def test_the_whole_loss_is_the_mean_of_torchs() -> None:
    task, rng = tasks().task("1:100"), torch.Generator().manual_seed(0)
    ensemble = task.ensemble([Member(task.losses["ce"], 0.1, start) for start in (0, 1)], [0.0, 0.0], rng)
    targets = task.train[1].expand(2, -1)
    expected = nn.BCEWithLogitsLoss(reduction="none")(scores(ensemble, task.train[0]), targets).mean(1)
    torch.testing.assert_close(ensemble.losses(task.train[0], targets).detach(), expected)


def test_hard_examples_keep_the_worst_quarter() -> None:
    logits = torch.linspace(-3, 3, 8)
    losses = tasks().task("1:100").losses["ohem"](logits[:, None], torch.zeros(8))
    assert (losses > 0).tolist() == [False] * 6 + [True] * 2
    torch.testing.assert_close(losses[-1], 4 * binary_losses.binary_cross_entropy(logits, torch.zeros(8))[-1])


@pytest.mark.parametrize(("statement", "tolerance"), [("weight", 1e-12), ("decay", 1e-15), ("stability", 1e-6)])
def test_every_law_holds_and_its_control_fails(statement: str, tolerance: float) -> None:
    trials = [row for row in laws.run(tasks()) if row.statement == statement]
    assert max(trial.error for trial in trials) <= tolerance
    assert max(trial.control_error for trial in trials) > tolerance


def test_instances_without_chance_count_once() -> None:
    trials = list(laws.run(tasks()))
    for claim in laws.PART.claims:
        found = compare(claim.rule, claim.measure([*trials, *trials])).at(0.05)
        assert found.verdict == "holds"
        assert found.evidence["instances"] in (24, 10)


def trained(loss: str, by_rate: dict[float, float]) -> list[TrainingRow]:
    return [
        TrainingRow(
            seed=seed,
            condition="1:100",
            loss=loss,
            lr=lr,
            validation_ap=ap,
            test_ap=ap + 1e-4 * seed * (loss == "focal"),
            calibration_error=0.1,
            easy_share_as_ce=0.5,
            easy_share_as_focal=0.1,
        )
        for lr, ap in by_rate.items()
        for seed in range(12)
    ]


INSIDE = {0.1: 0.0, 0.2: 0.5, 0.3: 0.1}


@pytest.mark.parametrize(("better", "verdict"), [(0.6, "holds"), (0.45, "refuted")])
def test_focal_is_compared_with_the_better_cross_entropy(better: float, verdict: str) -> None:
    rows = [*trained("ce", {**INSIDE, 0.2: 0.4}), *trained("wce", INSIDE), *trained("focal", {**INSIDE, 0.2: better})]
    claim = next(claim for claim in training.PART.claims if claim.name == "focal_ranks_better")
    assert compare(claim.rule, claim.measure(rows)).at(0.05).verdict == verdict
    at_edge = [row for row in rows if row.lr <= 0.2]
    assert compare(claim.rule, claim.measure(at_edge)).at(0.05).verdict == "inconclusive"


def test_starts_are_compared_at_the_rates_of_their_best_ranking() -> None:
    rows = [
        StartRow(
            seed=seed,
            condition="1:100",
            prior=prior,
            lr=lr,
            initial_loss=1.0,
            early_loss=early + 1e-3 * seed,
            validation_ap=INSIDE[lr],
            test_ap=ap + 1e-3 * seed * (prior == "set"),
        )
        for prior, early, ap in (("none", 0.9, 0.5), ("set", 0.3, 0.6))
        for lr in INSIDE
        for seed in range(8)
    ]
    (claim,) = starts.PART.claims
    assert compare(claim.rule, claim.measure(rows)).at(0.05).verdict == "holds"
    assert compare(claim.rule, claim.measure([row for row in rows if row.lr < 0.3])).at(0.05).verdict == "inconclusive"


def test_mechanism_and_calibration_need_their_losses() -> None:
    rows = [*trained("ce", INSIDE), *trained("wce", INSIDE)]
    found = {claim.name: compare(claim.rule, claim.measure(rows)).at(0.05).verdict for claim in training.PART.claims}
    assert found["easy_negatives_lose_their_share"] == "not judged"
    assert found["weighting_costs_calibration"] == "refuted"
