"""How long an operation takes on nested and on padded sequences, in turns in one process.

Seconds are wall clock, medians over rounds after one round to warm up. The caller sets the number of threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

import torch
from torch import Tensor

from experiments.data.core.nested import Layout, Model, Operation, nest, pad

Way = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Timed:
    """Seconds of one way to compute; ``layout`` is padded or that of the NestedTensor."""

    layout: str
    operation_seconds: float
    building_seconds: float
    """From the sequences to the padded or nested tensor."""


def time_layouts(
    model: Model, operation: Operation, sequences: Sequence[Tensor], layouts: Sequence[Layout], rounds: int
) -> list[Timed]:
    """Sequences (length, dim) padded, then in each layout. Padded attention gets its mask, built with the tensor."""
    padded, mask = pad(sequences)
    building: dict[str, Way] = {"padded": partial(pad, sequences)}
    operating: dict[str, Way] = {"padded": partial(model.padded, operation, padded, mask)}
    for layout in layouts:
        building[layout] = partial(nest, sequences, layout)
        operating[layout] = partial(model.nested, operation, nest(sequences, layout))
    with torch.no_grad():
        built, operated = median_seconds(building, rounds), median_seconds(operating, rounds)
    return [Timed(layout=name, operation_seconds=operated[name], building_seconds=built[name]) for name in operating]


def median_seconds(ways: Mapping[str, Way], rounds: int) -> dict[str, float]:
    """Median seconds of each way; every round runs all of them, so that a slow moment hits them alike.

    Raises:
        ValueError: fewer than one round.
    """
    if rounds < 1:
        raise ValueError(f"expected at least one round, got {rounds}")
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            if turn:
                seconds[name].append(time.perf_counter() - begun)
    return {name: median(of_way) for name, of_way in seconds.items()}
