"""Forecasters of the next point that are fitted to windows of a series: a linear autoregression, and small networks.

A *reading* is what they see of a series: its levels, or its differences, standardized by the part that is fitted.
Networks are trained side by side, every one on windows of its own.
Source: Hyndman, Athanasopoulos: Forecasting: Principles and Practice, 3rd edition, 2021, sections 9.1, 9.3 and 12.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.foundation.networks.side_by_side import FlatAdam
from experiments.seq.core.learning import Reader, Readers, clip_members

Floats = NDArray[np.float64]
Reading = Literal["levels", "differences"]
READINGS: tuple[Reading, ...] = get_args(Reading)


@dataclass(frozen=True)
class Windows:
    """Windows of one series under one reading, and the way back from what is named to a forecast."""

    inputs: Floats
    """(n, width)"""
    targets: Floats
    """(n,): what comes after each window."""
    base: Floats
    """(n,): what is added to make a forecast of the series: 0 for levels, the last value for differences."""
    mean: float
    scale: float

    def forecasts(self, named: Floats) -> Floats:
        """Forecasts in the units of the series from standardized ones (n,)."""
        return self.base + self.mean + self.scale * named

    def part(self, which: slice) -> Windows:
        return Windows(self.inputs[which], self.targets[which], self.base[which], self.mean, self.scale)


def windows(y: Floats, width: int, reading: Reading, fitted: int) -> Windows:
    """The windows before y_(width + 1), ..., y_(n - 1), and one before y_n, whose target is nan.

    Both readings have the same number of windows. Mean and scale are those of the first ``fitted`` points.

    >>> windows(np.array([0.0, 1.0, 3.0, 6.0]), 2, "differences", 4).base
    array([3., 6.])
    """
    z = np.diff(y) if reading == "differences" else y[1:]
    mean, scale = float(z[: fitted - 1].mean()), float(z[: fitted - 1].std()) or 1.0
    z = (z - mean) / scale
    seen = np.lib.stride_tricks.sliding_window_view(z, width)
    base = y[width:] if reading == "differences" else np.zeros(len(seen))
    return Windows(seen, np.append(z[width:], np.nan), base, mean, scale)


def least_squares(inputs: Floats, targets: Floats) -> Floats:
    """Intercept and coefficients (1 + width,) of the linear autoregression."""
    return np.asarray(np.linalg.lstsq(with_one(inputs), targets, rcond=None)[0], np.float64)


def with_one(inputs: Floats) -> Floats:
    """Inputs (n, width) after a column of ones."""
    return np.column_stack([np.ones(len(inputs)), inputs])


@dataclass(frozen=True)
class Recipe:
    """How networks are trained."""

    hidden: int
    steps: int
    batch_size: int
    clip: float = 1.0


def trained(
    cell: Literal["lstm", "gru", "transformer"], sets: Sequence[Windows], lrs: Sequence[float], recipe: Recipe
) -> list[list[Reader]]:
    """For each set of as many windows a network per learning rate, all from the same weights, on the same batches.

    Adam on the squared error; the rate falls linearly to 0.
    """
    first = Reader(cell, channels=1, answers=1, hidden=recipe.hidden)
    members = Readers([first] * (len(sets) * len(lrs)))
    inputs, targets = (
        torch.tensor(np.stack([getattr(one, name) for one in sets]), dtype=torch.float32).repeat_interleave(len(lrs), 0)
        for name in ("inputs", "targets")
    )
    adam, rates = FlatAdam(members), torch.tensor(list(lrs) * len(sets))
    for step in range(recipe.steps):
        batch = torch.randint(inputs.shape[1], (recipe.batch_size,))
        named = members(inputs[:, batch, :, None])[..., 0]
        (named - targets[:, batch]).square().mean(1).sum().backward()
        clip_members(members.parameters(), recipe.clip)
        adam.update(rates * (1 - step / recipe.steps))
    return [[members.member(at * len(lrs) + i) for i in range(len(lrs))] for at in range(len(sets))]


@torch.no_grad()
def named_by(network: Reader, inputs: Floats) -> Floats:
    """What a network says comes after windows (n, width): (n,)."""
    answers: Tensor = network(torch.tensor(inputs, dtype=torch.float32)[..., None])[:, 0]
    return answers.double().numpy()
