"""Laws and trainings of loss.dice, and its claims on rows with a known answer."""

from __future__ import annotations

import pytest

from experiments.lab.judge.rules import compare
from experiments.loss.dice import laws, steadiness, training
from experiments.loss.dice.setup import Discs, Params, prepare
from experiments.loss.dice.training import MaskRow


def discs(**params: object) -> Discs:
    return prepare(Params(**{"losses": ("dice",), "nets": ("unet",), **params}), 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(("statement", "tolerance"), [("formula", 1.0), ("bound", 0.0), ("saturation", 1e-3)])
def test_every_law_holds_and_its_control_fails(statement: str, tolerance: float) -> None:
    trials = [row for row in laws.run(discs()) if row.statement == statement]
    assert max(trial.error for trial in trials) <= tolerance
    assert max(trial.control_error for trial in trials) > tolerance


def test_one_pixel_of_dice_saturates_as_computed() -> None:
    assert 1 - laws.saturation_trial(-10.0).control_error == pytest.approx(9.08e-5, rel=1e-3)
    assert "dD/dp = 480 at p = 0.001" in laws.bound_trial(1e-3).counterexample


def trained(steps: int) -> list[MaskRow]:
    rows = training.run(discs(images=32, fg=0.2, steps=steps))
    return [row for row in rows if isinstance(row, MaskRow) and row.pictures == "test"]


def test_dice_training_learns_discs_and_repeats_exactly() -> None:
    (first, _), (short, last) = trained(3), trained(40)
    assert [row.step for row in (first, short, last)] == [1, 13, 40]
    assert last.dice_at_half > first.dice_at_half
    assert last.dice_at_validated > 0.4
    assert trained(40) == [short, last]


def test_steadiness_is_that_of_the_same_networks() -> None:
    setup = discs(lrs=(1e-3, 1e-2))
    masks, steady = training.run(setup), steadiness.run(setup)
    at_the_end = [
        row for row in masks if isinstance(row, MaskRow) and (row.budget, row.pictures) == ("long", "validation")
    ]
    for row, other in zip(steady, at_the_end, strict=True):
        assert row.gradient_snr > 0
        assert (row.lr, row.validation_dice) == (other.lr, other.dice_at_validated)


def masks(loss: str, by_rate: dict[float, float], network: str = "unet", better_at_half: float = 0.0) -> list[MaskRow]:
    return [
        MaskRow(
            seed=seed,
            condition="rare",
            network=network,
            loss=loss,
            lr=lr,
            budget="long",
            step=15,
            pictures=pictures,
            dice_at_half=dice + better_at_half + 1e-4 * seed * (loss == "ce"),
            dice_at_validated=dice + 1e-4 * seed * (loss == "ce"),
            threshold=0.5,
            boundary_iou=dice + 1e-4 * seed * (network == "unet"),
            nll=0.1 - 0.1 * dice + 1e-4 * seed * (loss == "ce"),
        )
        for lr, dice in by_rate.items()
        for seed in range(5)
        for pictures in ("validation", "test")
    ]


INSIDE = {0.1: 0.1, 0.2: 0.5, 0.3: 0.2}


def verdicts(claim: str, rows: list[MaskRow]) -> dict[str, str]:
    asked = next(one for one in training.PART.claims if one.name == claim)
    measured = asked.measure(rows)
    assert isinstance(measured, dict)
    rule = asked.rule.rule  # type: ignore[attr-defined]
    return {condition: compare(rule, found).at(0.05).verdict for condition, found in measured.items()}


def test_losses_are_compared_at_both_thresholds_and_at_their_own_rates() -> None:
    rows = [*masks("ce", INSIDE), *masks("dice", INSIDE, better_at_half=0.1)]
    assert verdicts("cross_entropy_gives_better_masks", rows) == {
        "rare, threshold 0.5": "refuted",
        "rare, validated threshold": "refuted",
        "rare, validated, a third of the steps": "inconclusive",
        "balanced, validated threshold": "inconclusive",
    }
    assert verdicts("the_loss_of_the_metric_wins_on_it", rows) == {
        "Dice at 0.5": "holds",
        "Dice at the validated threshold": "refuted",
        "likelihood": "refuted",
    }


def test_a_rate_at_the_edge_of_its_grid_decides_nothing() -> None:
    rows = [row for row in [*masks("ce", INSIDE), *masks("dice", INSIDE)] if row.lr <= 0.2]
    assert set(verdicts("cross_entropy_gives_better_masks", rows).values()) == {"inconclusive"}


def test_skips_are_compared_at_the_boundary() -> None:
    claim = training.PART.claims[-1]
    rows = [*masks("dice", INSIDE), *masks("dice", {0.1: 0.1, 0.2: 0.4, 0.3: 0.2}, "unet_noskip")]
    assert compare(claim.rule, claim.measure(rows)).at(0.05).verdict == "holds"
    assert compare(claim.rule, claim.measure(masks("dice", INSIDE))).at(0.05).verdict == "inconclusive"
