"""Laws and kinds of pooling, what stays in moved images, and what is made of sweeps and tuned networks."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean

import pytest
import torch
from pydantic import ValidationError

from experiments.cnn.arms import FitRow
from experiments.cnn.core.invariance import invariance, transform
from experiments.cnn.core.pooling_network import PoolingMembers
from experiments.cnn.pooling import EXPERIMENT, kinds, laws
from experiments.cnn.pooling.moves import RANDOM, FeatureRow
from experiments.cnn.pooling.setup import Networks, Params, prepare
from experiments.cnn.pooling.training import SWEEP, TUNED, TunedRow
from experiments.foundation.networks.split import Split
from experiments.lab.errors import InputError
from experiments.lab.experiment import Rows
from experiments.lab.judge.comparison import Comparison, Conditional
from experiments.lab.judge.rules import compare

LRS = (1e-3, 1e-2, 1e-1)


def test_every_law_is_kept_and_its_control_is_not() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(2, laws.CHANNELS, 16, 16, generator=generator, dtype=torch.float64) - 0.5
    kept = [*laws.commuting_trials(x), *laws.equivariance_trials(x, 0), *laws.global_average_trials(x, 0)]
    kept += [trial for kernel in (2, 3, 4, 5) for trial in laws.filter_trials(x, kernel, 2)]
    assert max(trial.error for trial in kept) < 1e-12
    assert min(trial.control_error for trial in kept) > 1e-3


def test_torch_has_six_kinds_of_pooling(striped: Callable[[int], Split]) -> None:
    rows = kinds.run_kinds(networks(striped(60)))
    assert [row.kind for row in rows] == ["AdaptiveAvg", "AdaptiveMax", "Avg", "FractionalMax", "LP", "Max"]


def test_parameters_of_poolings_are_their_closed_forms(striped: Callable[[int], Split]) -> None:
    counts = {row.pool: row.parameters for row in kinds.run_parameters(networks(striped(60)))}
    assert {name for name, count in counts.items() if count == 0} == {"max", "avg", "lp", "blur"}
    assert (counts["gem"], counts["attention"], counts["stride_conv"]) == (1, 8 + 1, 8 * 8 * 4 + 8)


def networks(split: Split) -> Networks:
    return Networks(params=Params(shifts=(1, 3), rotations=(20.0,), scales=(0.8,)), seed=0, split=split)


def test_what_stays_of_several_networks_is_the_mean_of_each_alone_and_of_their_plain_features(
    striped: Callable[[int], Split],
) -> None:
    setup = networks(striped(60))
    torch.manual_seed(0)
    built = [setup.build("max").requires_grad_(False) for _ in range(2)]
    together = setup.stays(PoolingMembers(built), 10)
    alone = [setup.stays(PoolingMembers([network]), 10) for network in built]
    assert list(together) == [("shift", 1.0), ("shift", 3.0), ("rotate", 20.0), ("scale", 0.8)]
    test = setup.split.test.inputs
    for move, found in together.items():
        assert found.agreement == pytest.approx(fmean(part[move].agreement for part in alone))
        moved = transform(test, *move, "circular")[:10]
        scores = [invariance(network.features(test[:10]), network.features(moved)) for network in built]
        assert found.invariance == pytest.approx(fmean(scores), abs=1e-5)


def test_windows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="kernel 5 and stride 2 do not fit into 8 x 8 pixels"):
        prepare(Params(kernel=5), 0)
    with pytest.raises(ValidationError, match="stride: expected at most twice the kernel, 4, got 5"):
        Params(stride=5)


def swept(arm: str, accuracies: tuple[float, ...], test_accuracy: float) -> tuple[list[FitRow], list[TunedRow]]:
    """Five seeds of an arm, by validation accuracies over the learning rates, and its test accuracy."""
    sweep, tuned = [], []
    best = dict(zip(accuracies, LRS, strict=True))[max(accuracies)]
    for seed in range(5):
        noise = 0.001 * ((seed * 3) % 5)
        base = {"arm": arm, "diverged": False, "train_loss": 0.0, "dataset": "", "seed": seed}
        for lr, accuracy in zip(LRS, accuracies, strict=True):
            sweep.append(FitRow(lr=lr, validation_accuracy=accuracy + noise, **base))  # type: ignore[arg-type]
        base |= {"gap": 0.0, "parameters": 0, "flops": 0, "shift_agreement": 0.0, "moved_agreement": 0.0}
        own = noise if arm == "max" else 0.0
        base |= {"lr": best, "validation_accuracy": max(accuracies) + own, "low_rate_accuracy": accuracies[0]}
        tuned.append(TunedRow(test_accuracy=test_accuracy + own, **base))  # type: ignore[arg-type]
    return sweep, tuned


def compared(name: str, *arms: tuple[list[FitRow], list[TunedRow]]) -> Comparison:
    rows = Rows({SWEEP.name: [r for sweep, _ in arms for r in sweep], TUNED.name: [r for _, t in arms for r in t]})
    (claim,) = (claim for claim in EXPERIMENT.claims if claim.name == name)
    return compare(claim.rule, claim.measure(rows))


def test_a_claim_on_an_arm_that_was_not_trained_is_not_judged() -> None:
    found = compared("max_pooling_is_more_accurate_than_average", swept("max", (0.5, 0.9, 0.6), 0.9)).at(0.05)
    assert (found.verdict, found.summary) == ("not judged", "needs avg among the kinds")


def test_a_best_learning_rate_at_the_edge_decides_nothing() -> None:
    arms = swept("max", (0.5, 0.9, 0.6), 0.9), swept("avg", (0.5, 0.7, 0.8), 0.8)
    found = compared("max_pooling_is_more_accurate_than_average", *arms).at(0.05)
    assert (found.verdict, found.summary) == (
        "inconclusive",
        "the best learning rate of avg, 0.1, is the largest of its grid",
    )


def test_a_clear_difference_between_tuned_arms_is_judged() -> None:
    arms = swept("max", (0.5, 0.9, 0.6), 0.9), swept("avg", (0.5, 0.8, 0.7), 0.8)
    assert compared("max_pooling_is_more_accurate_than_average", *arms).at(0.05).verdict == "holds"
    assert compared("the_learning_rate_makes_the_gap", *arms).at(0.05).verdict == "refuted"


def test_invariance_is_judged_per_amount_from_the_mildest() -> None:
    rows = [
        FeatureRow(
            arm=arm,
            transform="shift",
            amount=amount,
            invariance=0.4 + (gain + 0.002 * seed if arm == "max" else 0.0),
            feature_cosine=0.0,
            dataset="",
            seed=seed,
        )
        for amount, gain in ((1.0, 0.3), (4.0, 0.01))
        for arm in ("max", "none")
        for seed in range(5)
    ]
    claim = RANDOM.claims[0]
    found = compare(claim.rule, claim.measure(rows))
    assert isinstance(found, Conditional)
    assert found.at(0.05).verdict == "conditional"
    assert list(found.parts) == ["1 pixels", "4 pixels"]
    title = RANDOM.curves[0].title
    assert callable(title)
    assert title(rows) == "Cosine of features kept by a shift of 1 px: 0.7 with max pooling and 0.4 without"
