"""The short fit against torch written out by hand, and what can be seen and done from outside."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from experiments.foundation.networks.batches import drawn_batches, full_batches, shuffled_batches
from experiments.foundation.networks.fit import batch_losses, fit, steps
from experiments.foundation.networks.split import Examples, Split


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 3))


def batches(n: int = 30) -> Iterator[Tensor]:
    return shuffled_batches(120, 50, n, torch.Generator().manual_seed(0))


def weights(module: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


@pytest.mark.parametrize("clip", [None, 0.1])
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_updates_are_those_written_out(blobs: Split, clip: float | None, decay: float) -> None:
    rates = [0.01 / (step + 1) for step in range(30)]
    by_hand, seen = network(), []
    optimizer = torch.optim.Adam(by_hand.parameters(), 1.0)
    for chosen, rate in zip(batches(), rates, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        loss = cross_entropy(by_hand(blobs.train.inputs[chosen] + 1), blobs.train.labels[chosen])
        optimizer.zero_grad()
        (loss + decay * sum(p.square().sum() for p in by_hand.parameters())).backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(by_hand.parameters(), clip)
        optimizer.step()
        seen.append(float(loss.detach()))
    ours = network()
    fitted = fit(
        ours,
        blobs.train,
        torch.optim.Adam(ours.parameters(), 1.0),
        batches(),
        change=lambda x: x + 1,
        rates=rates,
        penalty=lambda: decay * torch.stack([p.square().sum() for p in ours.parameters()]).sum(),
        clip=clip,
    )
    assert fitted.losses == pytest.approx(seen, abs=1e-6)
    torch.testing.assert_close(weights(ours), weights(by_hand))


def test_whoever_looks_on_sees_the_updated_network_and_may_stop(blobs: Split) -> None:
    ours, drawn = network(), []

    def noted() -> Iterator[Tensor]:
        for chosen in batches():
            drawn.append(chosen)
            yield chosen

    before = weights(ours)
    for number, _ in steps(torch.optim.SGD(ours.parameters(), 0.1), batch_losses(ours, blobs.train, noted())):
        assert not torch.equal(weights(ours), before)
        before = weights(ours)
        if number == 4:
            break
    assert len(drawn) == 4


def test_gradients_can_be_inspected_before_they_are_clipped(blobs: Split) -> None:
    ours, norms = network(), []

    def measure(loss: Tensor) -> None:
        norms.append(float(nn.utils.get_total_norm([p.grad for p in ours.parameters()])))

    losses = batch_losses(ours, blobs.train, batches(3))
    list(steps(torch.optim.SGD(ours.parameters(), 0.1), losses, clip=1e-6, inspect=measure))
    assert len(norms) == 3
    assert min(norms) > 1e-3


def test_a_loss_that_is_not_finite_ends_the_training_and_is_reported(blobs: Split) -> None:
    ours, updates = network(), []
    diverging = Examples(blobs.train.inputs.clone(), blobs.train.labels)
    order = [torch.arange(10), torch.arange(10, 20), torch.arange(20, 30)]
    diverging.inputs[10] = math.nan
    fitted = fit(ours, diverging, torch.optim.SGD(ours.parameters(), 0.1), order, after=updates.append)
    assert fitted.diverged
    assert math.isnan(fitted.last_loss)
    assert (len(fitted.losses), updates) == (2, [1])
    assert not weights(ours).isfinite().all()


def test_no_batch_is_no_training(blobs: Split) -> None:
    ours = network()
    fitted = fit(ours, blobs.train, torch.optim.SGD(ours.parameters(), 0.1), [])
    assert (fitted.losses, fitted.diverged) == ((), False)
    assert math.isnan(fitted.last_loss)


@pytest.mark.parametrize("kind", [shuffled_batches, full_batches])
def test_passes_visit_every_index_once(kind: object) -> None:
    rng = torch.Generator().manual_seed(0)
    chosen = torch.cat(list(kind(12, 4, 6, rng)))  # type: ignore[operator]
    assert sorted(chosen[:12].tolist()) == sorted(chosen[12:].tolist()) == list(range(12))
    assert [len(batch) for batch in full_batches(3, 8, 2, rng)] == [3, 3]


def test_drawn_batches_repeat_by_seed() -> None:
    first, second = (list(drawn_batches(9, 5, 4, torch.Generator().manual_seed(2))) for _ in range(2))
    assert torch.equal(torch.stack(first), torch.stack(second))
