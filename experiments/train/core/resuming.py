"""A training with every kind of state, stopped, saved to bytes and resumed as a new process would do it.

State: weights and batch-norm statistics, Adam's moments, a schedule's counter, the random numbers of dropout, and
the position in the data. A checkpoint is bytes, read back without running code in them.
"""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor, nn

from experiments.foundation.networks import fit
from experiments.foundation.networks.split import Examples

Part = Literal["optimizer", "rng", "scheduler", "position"]


def noisy_network(features: int, width: int, classes: int) -> nn.Sequential:
    """A network with batch normalization and dropout."""
    return nn.Sequential(
        nn.Linear(features, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(0.3), nn.Linear(width, classes)
    )


class Session:
    """A training on ``examples`` (n, features) that can be saved and resumed after any update."""

    def __init__(self, network: nn.Module, examples: Examples, *, lr: float, batch_size: int) -> None:
        self.network, self._examples, self._batch_size = network, examples, batch_size
        self._optimizer = torch.optim.Adam(network.parameters(), lr)
        self._scheduler = torch.optim.lr_scheduler.StepLR(self._optimizer, step_size=10, gamma=0.7)
        self.position = 0

    def advance(self, steps: int) -> None:
        """``steps`` updates, over the samples in their order, with dropout from torch's global generator."""
        for _ in fit.steps(self._optimizer, fit.batch_losses(self.network, self._examples, self._batches(steps))):
            self._scheduler.step()
            self.position += 1

    def _batches(self, steps: int) -> Iterator[Tensor]:
        for _ in range(steps):
            first = self.position * self._batch_size
            yield torch.arange(first, first + self._batch_size) % len(self._examples)

    def save(self) -> bytes:
        """Everything, as ``torch.save`` writes it."""
        stream = io.BytesIO()
        state = {
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scheduler": self._scheduler.state_dict(),
            "rng": torch.get_rng_state(),
            "position": self.position,
        }
        torch.save(state, stream)
        return stream.getvalue()

    def load(self, checkpoint: bytes, *, drop: Part | None = None) -> None:
        """Take over a checkpoint, except for the part to ``drop``.

        Adam's learning rate lies in the optimizer's state, so without the scheduler it starts anew as a schedule.
        """
        state = torch.load(io.BytesIO(checkpoint), weights_only=True)
        self.network.load_state_dict(state["network"])
        if drop != "optimizer":
            self._optimizer.load_state_dict(state["optimizer"])
        if drop != "scheduler":
            self._scheduler.load_state_dict(state["scheduler"])
        else:
            for group in self._optimizer.param_groups:
                group["lr"] = self._scheduler.base_lrs[0]
        if drop != "position":
            self.position = state["position"]
        if drop != "rng":
            torch.set_rng_state(state["rng"])


def weights_of(network: nn.Module) -> Tensor:
    """All weights and buffers (m,) in float64, copied, with batch normalization's counter of batches."""
    return torch.cat([tensor.detach().flatten().double() for tensor in network.state_dict().values()])


def largest_difference(first: dict[str, Any], second: dict[str, Any]) -> float:
    """Largest difference of a floating-point entry of two states of one network; counters are left out."""
    names = [name for name, tensor in first.items() if tensor.is_floating_point()]
    return max(float((first[name] - second[name]).abs().max()) for name in names)


def round_trip(state: dict[str, Any]) -> dict[str, Any]:
    """``state`` saved and loaded with weights_only=True."""
    stream = io.BytesIO()
    torch.save(state, stream)
    stream.seek(0)
    return torch.load(stream, weights_only=True)


class Arbitrary:
    """Not a tensor and not a plain value: what an unsafe checkpoint may contain."""


def refuses_objects(*, weights_only: bool) -> bool:
    """Whether loading a pickled object raises."""
    stream = io.BytesIO()
    torch.save({"object": Arbitrary()}, stream)
    stream.seek(0)
    try:
        torch.load(stream, weights_only=weights_only)
    except pickle.UnpicklingError:
        return True
    return False


def drift_of_snapshot(session: Session, *, copied: bool) -> float:
    """How far a snapshot of ``state_dict`` moves in one update: its tensors are the live ones unless copied."""
    live = session.network.state_dict()
    snapshot = copy.deepcopy(live) if copied else live
    before = {name: tensor.clone() for name, tensor in snapshot.items()}
    session.advance(1)
    return largest_difference(snapshot, before)
