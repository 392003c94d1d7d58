"""Laws of receptive fields on random stacks."""

from __future__ import annotations

import torch

from experiments.cnn.core.receptive_gradients import convolutions
from experiments.cnn.core.receptive_theory import Layer, output_size, receptive_field
from experiments.cnn.receptive_field.fields import FieldRow, growth_in_words
from experiments.cnn.receptive_field.laws import (
    extent_trials,
    filling_trials,
    locality_trial,
    random_stack,
    support_trials,
    variance_trials,
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_laws_hold_and_their_controls_fail() -> None:
    extents, supports = list(extent_trials(30, generator())), list(support_trials(30, generator()))
    for trials in (extents, supports, list(variance_trials(30, generator()))):
        assert max(trial.error for trial in trials) < 1e-12
        assert max(trial.control_error for trial in trials) > 0.5
    filled = {trial.case: trial for trial in filling_trials(5, generator())}
    assert filled["strides at most the kernel"].error == 0
    assert filled["every layer dilated by 2"].error > 0


def test_a_unit_sees_nothing_outside_unless_the_mean_is_added() -> None:
    layers = [Layer(3, padding=1)] * 3
    photo = torch.rand(3, 25, 25, generator=generator(), dtype=torch.float64)
    trial = locality_trial(layers, photo, generator())
    assert trial.error == 0
    assert trial.control_error > 0


def test_output_sizes_are_torchs() -> None:
    for seed in range(20):
        layers = random_stack(generator(seed))
        size = receptive_field(layers) + seed
        network = convolutions(layers, "equal", generator())
        assert network(torch.zeros(1, 1, size, dtype=torch.float64)).shape[-1] == output_size(layers, size)


def test_the_figure_tells_how_both_fields_grow() -> None:
    sizes = {"theoretical_size": 1, "effective_size": 2, "predicted_size": 2}
    rows = [
        FieldRow(stack="plain", activation="linear", depth=depth, **{name: by * depth for name, by in sizes.items()})
        for depth in (2, 8)
    ]
    assert (
        growth_in_words(rows)
        == "From 2 to 8 layers the effective field grows from 4 to 16 pixels, the other from 2 to 8"
    )
