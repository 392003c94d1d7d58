"""The task is blind to every shortcut, and trainings say when they solve it."""

from __future__ import annotations

import torch

from experiments.cnn.core.locality_networks import Plan, Reader
from experiments.cnn.core.locality_task import Task, draw_pairs, marker_gradients, measure_accuracy, train

TASK = Task(length=12, far=9, symbols=3)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_halves_differ_in_the_far_symbol_alone() -> None:
    drawn = draw_pairs(TASK, 200, generator())
    same, different = drawn.inputs.chunk(2)
    assert torch.equal(drawn.same, torch.tensor([1] * 200 + [0] * 200))
    changed = (same != different).any(-1).nonzero()
    assert torch.equal(changed[:, 1], drawn.distant[:200])
    assert bool((drawn.distant - drawn.near >= TASK.far).all())


def test_the_label_is_whether_the_marked_symbols_agree() -> None:
    drawn = draw_pairs(TASK, 100, generator())
    row = torch.arange(200)
    near, far = (drawn.inputs[row, places, : TASK.symbols].argmax(1) for places in (drawn.near, drawn.distant))
    assert torch.equal((near == far).long(), drawn.same)


def test_a_blind_network_answers_exactly_half_however_it_is_trained() -> None:
    found = train(Plan("conv", 3, 8, 12), TASK, 0.01, 0, updates=20)
    assert (found.test_accuracy, found.validation_accuracy, found.far_gradient) == (0.5, 0.5, 0.0)
    assert found.near_gradient > 0
    assert not found.solved


def test_attention_learns_a_short_task_and_says_when() -> None:
    found = train(Plan("attention", 2, 16, 6), Task(6, 3), 5e-3, 0, updates=400)
    assert found.solved
    assert found.test_accuracy >= 0.9
    assert 0 < found.steps_to_solve < 400


def test_training_repeats_and_leaves_the_random_state_alone() -> None:
    state = torch.get_rng_state()
    first, again, other = (train(Plan("dilated", 4, 8, 12), TASK, 0.01, s, updates=5) for s in (0, 0, 1))
    assert first == again != other
    assert torch.equal(torch.get_rng_state(), state)


def test_divergence_is_counted_at_chance() -> None:
    found = train(Plan("conv", 12, 8, 12), TASK, 1e30, 0, updates=40)
    assert found.diverged
    assert found.test_accuracy == 0.5


def test_accuracy_and_gradients_of_a_network_that_ignores_everything() -> None:
    drawn = draw_pairs(TASK, 50, generator())
    network = Reader(Plan("conv", 1, 8, 12), TASK.channels)
    for parameter in network.parameters():
        torch.nn.init.zeros_(parameter)
    assert measure_accuracy(network, drawn) == 0.5
    assert marker_gradients(network, drawn) == (0.0, 0.0)
