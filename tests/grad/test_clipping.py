"""Statements about clipping and their controls, and rows with a known answer."""

from __future__ import annotations

import torch

from experiments.grad.clipping import laws
from experiments.grad.clipping.network import NetworkRow, lowest_losses
from experiments.grad.clipping.setup import CLIPPED, PLAIN
from experiments.lab.judge.measured import Pairs, Undecided


def test_statements_hold_and_their_controls_fail() -> None:
    rng = torch.Generator().manual_seed(2)
    trials = [*laws.norm_trials(rng, 1.0), *laws.place_trials(rng, 1.0), laws.value_trial(rng, 1.0)]
    assert max(trial.error for trial in trials) < 1e-6
    assert min(trial.control_error for trial in trials) > 1e-3


def runs(case: str, by_rate: dict[float, float]) -> list[NetworkRow]:
    return [
        NetworkRow(seed=seed, case=case, lr=lr, final_loss=loss + 0.001 * seed, diverged=False, largest_gradient=1.0)
        for lr, loss in by_rate.items()
        for seed in range(5)
    ]


INSIDE = {0.1: 0.9, 0.2: 0.5, 0.3: 0.8}
EDGE = {0.1: 0.9, 0.2: 0.8, 0.3: 0.7}


def test_only_the_losers_rate_at_an_edge_makes_it_undecided() -> None:
    assert isinstance(lowest_losses([*runs(PLAIN, EDGE), *runs(CLIPPED, INSIDE)]), Undecided)
    assert isinstance(lowest_losses([*runs(PLAIN, INSIDE), *runs(CLIPPED, EDGE)]), Undecided)
    assert isinstance(lowest_losses([*runs(PLAIN, INSIDE), *runs(CLIPPED, {0.1: 0.1, 0.2: 0.2, 0.3: 0.3})]), Pairs)
