"""Resumed trainings against uninterrupted ones, and what torch refuses to load."""

from __future__ import annotations

import pytest
import torch

from experiments.foundation.networks.split import Examples
from experiments.train.core import resuming

EXAMPLES = Examples(torch.rand(30, 6, generator=torch.Generator().manual_seed(0)), torch.arange(30) % 3)


def session(seed: int) -> resuming.Session:
    torch.manual_seed(seed)
    return resuming.Session(resuming.noisy_network(6, 8, 3), EXAMPLES, lr=0.01, batch_size=8)


def resumed(drop: resuming.Part | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights of the uninterrupted and of the resumed training after 25 updates, stopped after 12."""
    whole = session(0)
    whole.advance(12)
    checkpoint = whole.save()
    whole.advance(13)
    other = session(1)
    other.load(checkpoint, drop=drop)
    other.advance(13)
    return resuming.weights_of(whole.network), resuming.weights_of(other.network)


def test_a_complete_checkpoint_resumes_bit_by_bit() -> None:
    assert torch.equal(*resumed(None))


@pytest.mark.parametrize("drop", ["optimizer", "rng", "scheduler", "position"])
def test_every_part_of_a_checkpoint_matters(drop: resuming.Part) -> None:
    assert not torch.equal(*resumed(drop))


def test_weights_and_buffers_survive_the_round_trip() -> None:
    state = session(0).network.state_dict()
    loaded = resuming.round_trip(state)
    assert list(loaded) == list(state)
    assert all(map(torch.equal, loaded.values(), state.values()))


def test_objects_are_refused_unless_they_are_trusted() -> None:
    assert resuming.refuses_objects(weights_only=True)
    assert not resuming.refuses_objects(weights_only=False)


def test_a_state_dict_moves_along_and_its_copy_does_not() -> None:
    assert resuming.drift_of_snapshot(session(0), copied=True) == 0
    assert resuming.drift_of_snapshot(session(0), copied=False) > 0
