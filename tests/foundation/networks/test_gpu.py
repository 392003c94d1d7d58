"""The loop on CUDA and MPS against the CPU. Skipped, with the reason, where torch has no such device."""

from __future__ import annotations

import copy

import pytest
import torch

from experiments.foundation.networks.checkpoint import weights_digest
from experiments.foundation.networks.choices import NetworkName
from experiments.foundation.networks.device import deterministic
from experiments.foundation.networks.loop import Training
from experiments.foundation.networks.networks import build_network
from experiments.foundation.networks.precision import resolve_precision
from experiments.foundation.networks.recipe import Epoch, Recipe
from experiments.foundation.networks.split import Examples

no_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch has no CUDA device here")
no_mps = pytest.mark.skipif(not torch.backends.mps.is_available(), reason="torch has no MPS device here")
every_gpu = pytest.mark.parametrize("name", [pytest.param("cuda", marks=no_cuda), pytest.param("mps", marks=no_mps)])


def training(name: str, model: NetworkName, precision: str, epochs: int = 3) -> Training:
    """Of 120 images of three classes that differ by a bright row; ``name`` is the device's."""
    device = torch.device(name)
    targets = torch.arange(120) % 3
    inputs = torch.randn(120, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    inputs[torch.arange(120), 0, 8 * targets + 4] += 3
    torch.manual_seed(0)
    network = build_network(model, (1, 28, 28), 3)
    recipe = Recipe(epochs=epochs, batch_size=20, lr=3e-3, clip=1.0, average=0.5)
    examples = Examples(inputs.to(device), targets.to(device))
    return Training(network, examples, recipe, precision=resolve_precision(precision, device), seed=0)


def losses(found: Training) -> list[float]:
    return [event.train_loss for event in found.events() if isinstance(event, Epoch)]


@every_gpu
@pytest.mark.parametrize("model", ["cnn", "quick", "mlp", "vit"])
@pytest.mark.parametrize("precision", ["32", "16"])
def test_every_network_learns_on_a_gpu(name: str, model: NetworkName, precision: str) -> None:
    found = losses(training(name, model, precision))
    assert found[-1] < 0.7 * found[0]


@every_gpu
def test_a_gpu_trains_like_the_cpu_without_dropout(name: str) -> None:
    assert losses(training(name, "mlp", "32")) == pytest.approx(losses(training("cpu", "mlp", "32")), rel=0.01)


@every_gpu
def test_stopped_and_resumed_training_ends_with_the_same_bits(name: str) -> None:
    with deterministic(torch.device(name)):
        whole = training(name, "cnn", "16")
        assert len(losses(whole)) == 3
        first = training(name, "cnn", "16")
        next(event for event in first.events() if isinstance(event, Epoch))
        kept = copy.deepcopy(first.state())
        rest = training(name, "cnn", "16")
        rest.restore(kept)
        assert len(losses(rest)) == 2
    assert weights_digest(rest.network) == weights_digest(whole.network)


@pytest.mark.parametrize("model", ["cnn", "quick", "mlp", "vit"])
def test_the_same_task_is_learned_on_the_cpu(model: NetworkName) -> None:
    found = losses(training("cpu", model, "16"))
    assert found[-1] < 0.7 * found[0]
