"""Statements about clipping and their controls, and rows with a known answer."""

from __future__ import annotations

import torch

from experiments.grad.clipping import laws
from experiments.grad.clipping.network import (
    NetworkRow,
    largest_finite_rates,
    lowest_losses,
    where_training_diverges,
)
from experiments.grad.clipping.setup import CLIPPED, PLAIN
from experiments.grad.clipping.wall import DescentRow, StepRow, last_losses, without_and_with
from experiments.lab.judge.measured import Pairs, Undecided


def test_statements_hold_and_their_controls_fail() -> None:
    rng = torch.Generator().manual_seed(2)
    trials = [*laws.norm_trials(rng, 1.0), *laws.place_trials(rng, 1.0), laws.value_trial(rng, 1.0)]
    assert max(trial.error for trial in trials) < 1e-6
    assert min(trial.control_error for trial in trials) > 1e-3


def runs(case: str, by_rate: dict[float, float]) -> list[NetworkRow]:
    """Five seeds at every rate; a loss of 9 is that of a run that diverged."""
    return [
        NetworkRow(
            seed=seed, case=case, lr=lr, final_loss=loss + 0.001 * seed, diverged=loss == 9, largest_gradient=1.0
        )
        for lr, loss in by_rate.items()
        for seed in range(5)
    ]


INSIDE = {0.1: 0.9, 0.2: 0.5, 0.3: 0.8}
EDGE = {0.1: 0.9, 0.2: 0.8, 0.3: 0.7}


def test_only_the_losers_rate_at_an_edge_makes_it_undecided() -> None:
    assert isinstance(lowest_losses([*runs(PLAIN, EDGE), *runs(CLIPPED, INSIDE)]), Undecided)
    assert isinstance(lowest_losses([*runs(PLAIN, INSIDE), *runs(CLIPPED, EDGE)]), Undecided)
    assert isinstance(lowest_losses([*runs(PLAIN, INSIDE), *runs(CLIPPED, {0.1: 0.1, 0.2: 0.2, 0.3: 0.3})]), Pairs)


def test_rates_that_stay_finite_are_compared_inside_the_grid() -> None:
    plain = runs(PLAIN, {0.1: 0.5, 0.2: 9, 0.3: 9})
    found = largest_finite_rates([*plain, *runs(CLIPPED, {0.1: 0.5, 0.2: 0.5, 0.3: 9})])
    assert isinstance(found, Pairs)
    assert (set(found.treatment.values()), set(found.baseline.values())) == ({0.2}, {0.1})
    rows = [*plain, *runs(CLIPPED, INSIDE)]
    assert isinstance(largest_finite_rates(rows), Undecided)
    said = "Largest rate at which training stays finite: 0.1 without clipping, 0.3 with it"
    assert where_training_diverges(rows) == said


def test_the_figure_tells_where_the_descents_from_the_wall_end() -> None:
    rows = [
        StepRow(case=case, step=step, loss=loss / step) for case, loss in ((PLAIN, 1), (CLIPPED, 4)) for step in (1, 2)
    ]
    assert last_losses(rows) == "From the wall the loss comes to 0.5 without clipping and to 2 with it"


def test_one_descent_far_off_the_wall_does_not_decide() -> None:
    rises = {"no clipping": [1.0, 3.0, 30000.0], "clipped by norm": [2.0, 4.0, 6.0]}
    rows = [
        DescentRow(seed=5, case=case, start=start, final_loss=rise, largest_rise=rise, largest_gradient=1.0)
        for case, of in rises.items()
        for start, rise in enumerate(of)
    ]
    found = without_and_with(rows)
    assert {name: (pairs.treatment, pairs.baseline) for name, pairs in found.items()} == {
        "rises less": ({5: 3.0}, {5: 4.0}),
        "ends lower": ({5: 3.0}, {5: 4.0}),
    }
