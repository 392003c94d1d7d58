"""Small trainings of train.mnist, for its tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from experiments.lab.experiment import Artifact, Event
from experiments.train.mnist import training
from experiments.train.mnist.epochs import EpochRow
from experiments.train.mnist.params import Params
from experiments.train.mnist.setup import prepare

SMALL: dict[str, Any] = {"model": "linear", "epochs": 2, "batch_size": 100, "repeat_updates": 2}

FAST: dict[str, Any] = {"optimizer": "sgd", "lr": 0.3, "momentum": 0.85, "label_smoothing": 0.1, "shift": 1}


def events(seed: int = 0, **changes: Any) -> list[Event]:
    return list(training.run(prepare(Params(**{**SMALL, **changes}), seed)))


def rows(found: Iterable[Event], arm: str = "run") -> list[EpochRow]:
    return [event for event in found if isinstance(event, EpochRow) and event.arm == arm]


def interrupted(path: Path, **changes: Any) -> list[EpochRow]:
    """Rows until the first checkpoint, which is written to ``path``."""
    kept: list[Event] = []
    for event in training.run(prepare(Params(**{**SMALL, **changes}), 0)):
        kept.append(event)
        if isinstance(event, Artifact):
            event.write(path)
            return rows(kept)
    raise AssertionError("no checkpoint")
