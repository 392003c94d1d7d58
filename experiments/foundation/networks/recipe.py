"""How a network is trained, and what the loop tells while it trains. Imports no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.foundation.networks.choices import OptimizerName, ScheduleName

if TYPE_CHECKING:
    from experiments.foundation.networks.metrics import Evaluation


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train."""

    epochs: int
    batch_size: int = 100
    """Images per forward pass."""
    accumulate: int = 1
    """Forward passes per update; the gradient is that of one batch of all their images."""
    optimizer: OptimizerName = "adam"
    lr: float = 1e-3
    schedule: ScheduleName = "constant"
    warmup: float = 0.0
    """Share of all updates in which the learning rate rises from 0."""
    momentum: float = 0.9
    weight_decay: float = 0.0
    clip: float | None = None
    """Largest norm of the whole gradient."""
    label_smoothing: float = 0.0
    shift: int = 0
    """Pixels by which quarters of a batch are moved at random, up to."""
    average: float | None = None
    """Decay per update of a moving average of the weights, which is then what is evaluated."""
    early_stop: int | None = None
    """Epochs without a lower validation loss after which to stop, with the best weights put back."""
    compile: bool = False

    def updates_per_epoch(self, images: int) -> int:
        """ceil(ceil(images / batch_size) / accumulate)."""
        return math.ceil(math.ceil(images / self.batch_size) / self.accumulate)


@dataclass(frozen=True, kw_only=True)
class Step:
    """Somewhere inside an epoch."""

    epoch: int
    """From 1."""
    done: int
    """Updates of this epoch so far."""
    total: int
    loss: float
    """Mean training loss of the epoch so far."""


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """The end of an epoch."""

    epoch: int
    """From 1."""
    updates: int
    """Updates since the beginning."""
    skipped_updates: int
    """Updates that the loss scaler left out because the gradient overflowed."""
    train_loss: float
    """Mean over the epoch's images, each at its own update, regularizers included."""
    train_seconds: float
    """Time of this epoch's updates; without validation, and only since a resume."""
    images: int
    """Images trained on in ``train_seconds``."""
    validation: Evaluation | None
