"""The loop: the same bits again, wherever it was stopped; accumulation, clipping, averages and early stopping."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from experiments.foundation.networks.batches import epoch_order
from experiments.foundation.networks.checkpoint import weights_digest
from experiments.foundation.networks.loop import Training
from experiments.foundation.networks.precision import resolve_precision
from experiments.foundation.networks.recipe import Epoch, Recipe, Step
from experiments.foundation.networks.split import Examples

CPU = torch.device("cpu")


def examples(n: int = 60, seed: int = 0) -> Examples:
    generator = torch.Generator().manual_seed(seed)
    targets = torch.randint(0, 3, (n,), generator=generator)
    return Examples(torch.randn(n, 2, 5, 5, generator=generator) + targets[:, None, None, None], targets)


def training(precision: str = "32", *, seed: int = 0, validation: Examples | None = None, **changes: Any) -> Training:
    torch.manual_seed(seed)
    network = nn.Sequential(
        nn.Flatten(), nn.Linear(50, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3)
    )
    recipe = Recipe(**{"epochs": 3, "batch_size": 16, "lr": 0.01, "schedule": "cosine", **changes})
    resolved = resolve_precision(precision, CPU)
    data = Examples(examples().inputs.to(resolved.parameters), examples().labels)
    return Training(network, data, recipe, precision=resolved, seed=seed, validation=validation)


def epochs(run: Training) -> list[Epoch]:
    return [event for event in run.events() if isinstance(event, Epoch)]


def test_same_seed_gives_same_bits_and_another_seed_does_not() -> None:
    runs = [training(seed=seed) for seed in (0, 0, 1)]
    losses = []
    for seed, run in zip((0, 0, 1), runs, strict=True):
        torch.manual_seed(seed)
        losses.append([epoch.train_loss for epoch in epochs(run)])
    assert losses[0] == losses[1] != losses[2]
    assert weights_digest(runs[0].network) == weights_digest(runs[1].network) != weights_digest(runs[2].network)


@pytest.mark.parametrize("precision", ["32", "bf16", "fp16", "64"])
@pytest.mark.parametrize("stop_after", [2, 4, 9])
def test_resumed_training_equals_uninterrupted_training_bit_by_bit(precision: str, stop_after: int) -> None:
    changes = {"optimizer": "adamw", "average": 0.9, "clip": 1.0, "warmup": 0.2}
    whole = training(precision, **changes)
    expected = [epoch.train_loss for epoch in epochs(whole)]
    begun = training(precision, **changes)
    events = begun.events()
    for _ in range(stop_after):
        next(events)
    state = copy.deepcopy(begun.state())
    resumed = training(precision, seed=0, **changes)
    torch.rand(7)  # the random state must come from the checkpoint
    resumed.restore(state)
    losses = [epoch.train_loss for epoch in epochs(resumed)]
    assert losses == expected[-len(losses) :]
    assert weights_digest(resumed.network) == weights_digest(whole.network)
    assert weights_digest(resumed.evaluated) == weights_digest(whole.evaluated)


def test_accumulated_batches_give_the_gradient_of_one_large_batch() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(50, 3))
    runs = []
    for batch_size, accumulate in ((20, 1), (7, 3), (60, 1)):
        recipe = Recipe(epochs=1, batch_size=batch_size, accumulate=accumulate, optimizer="sgd", lr=0.1)
        run = Training(copy.deepcopy(network), examples(), recipe, precision=resolve_precision("64", CPU), seed=0)
        run.examples = Examples(run.examples.inputs.double(), run.examples.labels)
        run._update(epoch_order(60, 0, 0)[:21])
        runs.append(run.network[1].weight.detach())
    assert runs[0].shape == (3, 50)
    torch.testing.assert_close(runs[1], runs[2], rtol=1e-12, atol=1e-14)


def test_clipping_limits_the_unscaled_gradient() -> None:
    """With a scaled loss, clipping before unscaling would leave a step of norm about 1/65536."""
    steps = {}
    for precision in ("32", "fp16"):
        run = training(precision, optimizer="sgd", momentum=0.0, lr=1.0, clip=0.01, schedule="constant")
        before = [parameter.detach().clone() for parameter in run.network.parameters()]
        run._update(torch.arange(16))
        moved = [a.detach() - b for a, b in zip(run.network.parameters(), before, strict=True)]
        steps[precision] = torch.cat([step.flatten() for step in moved]).norm().item()
    assert steps["32"] == pytest.approx(0.01, rel=1e-3)
    assert steps["fp16"] == pytest.approx(0.01, rel=1e-2)


def test_overflowing_update_is_skipped_and_halves_the_scale() -> None:
    run = training("fp16")
    run.examples = Examples(run.examples.inputs * 3e4, run.examples.labels)
    before, scale = weights_digest(run.network[1]), run._scaler.get_scale()
    run._update(torch.arange(16))
    assert run.skipped == 1
    assert run._scaler.get_scale() == scale / 2
    assert weights_digest(run.network[1]) == before


def test_moving_average_is_the_recursion() -> None:
    run = training(average=0.75)
    assert run._average is not None
    expected = run.network[1].weight.detach().clone()
    for first in (0, 16, 32):
        run._update(torch.arange(first, first + 16))
        expected = 0.75 * expected + 0.25 * run.network[1].weight.detach()
    torch.testing.assert_close(run.evaluated[1].weight, expected)


def test_early_stopping_stops_and_puts_the_best_weights_back() -> None:
    noise = Examples(
        examples(40, seed=5).inputs, torch.randint(0, 3, (40,), generator=torch.Generator().manual_seed(6))
    )
    run = training(epochs=50, early_stop=2, validation=noise, lr=0.05, schedule="constant")
    history = epochs(run)
    losses = [epoch.validation.nll for epoch in history if epoch.validation is not None]
    best = losses.index(min(losses)) + 1
    assert len(history) == best + 2 < 50
    assert run.best == (best, min(losses))
    again = training(epochs=best, early_stop=2, validation=noise, lr=0.05, schedule="constant")
    epochs(again)
    assert weights_digest(run.network) == weights_digest(again.network)


def test_epoch_counts_updates_and_averages_the_loss_over_images() -> None:
    run = training(epochs=1, optimizer="sgd", lr=1e-12, batch_size=16)
    run.network[4].p = 0.0
    events = list(run.events())
    steps, last = [event for event in events if isinstance(event, Step)], events[-1]
    assert isinstance(last, Epoch)
    assert [step.done for step in steps] == [1, 2, 3, 4]
    assert (last.updates, last.images, run.updates_per_epoch) == (4, 60, 4)
    assert last.train_loss == pytest.approx(steps[-1].loss)
    run.network.train()
    order = epoch_order(60, 0, 0)
    sums = [
        nn.functional.cross_entropy(
            run.network(run.examples.inputs[batch]), run.examples.labels[batch], reduction="sum"
        )
        for batch in order.split(16)
    ]
    assert last.train_loss == pytest.approx(sum(value.item() for value in sums) / 60, rel=1e-5)


def test_prediction_runs_in_evaluation_mode_and_leaves_the_mode() -> None:
    run = training()
    run.network.train()
    inputs = run.examples.inputs
    assert torch.equal(run.predict(inputs), run.predict(inputs))
    torch.testing.assert_close(run.predict(inputs, batch_size=7), run.predict(inputs), rtol=1e-5, atol=1e-6)
    assert run.network.training
