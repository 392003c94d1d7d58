"""What nn.layers measures: every statement about single layers many times, and trainings with and without batch
normalization.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from experiments.foundation.networks.budget import Budget, Fit, tune
from experiments.foundation.networks.split import Split
from experiments.foundation.networks.timing import reproducible
from experiments.foundation.statements.trial import Trial
from experiments.nn.core import contracts, xor
from experiments.nn.core.perceptrons import Initialization, deep_perceptron

FEWEST_XOR = 3
"""Trainings on exclusive or, of which one in ten may fail."""


@dataclass(frozen=True)
class ArmTraining:
    """One perceptron trained at one learning rate."""

    init: Initialization
    batch_norm: bool
    fit: Fit


def contract_trials(trials: int, *, depth: int, width: int, p: float, seed: int) -> list[Trial]:
    """Every statement on ``trials`` fresh layers and inputs (32, 6); exclusive or on a tenth of them, at least 3."""
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    tried: list[Trial] = []
    with reproducible(seed):
        for trial in range(trials):
            x, y = (contracts.standard_normal(generator, (32, 6)) for _ in range(2))
            tried += [
                *contracts.neuron_trials(x),
                *contracts.threshold_trials(x),
                contracts.collapse_trial(x, depth, width),
                contracts.affinity_trial(x, y, float(rng.random())),
                contracts.sequential_trial(x),
                *contracts.batch_norm_trials(x),
                *contracts.dropout_trials(x, p),
                contracts.convolution_trial(generator),
                *contracts.count_trials(rng),
                *(xor.xor_trials(generator) if trial < max(FEWEST_XOR, trials // 10) else ()),
            ]
    return tried


def dropout_on_ones(n: int, p: float, seed: int) -> tuple[float, float]:
    """(share of zeros, mean) of dropout on n ones."""
    with reproducible(seed):
        return contracts.dropout_shares(n, p)


def batch_norm_trainings(
    split: Split,
    budget: Budget,
    lrs: Sequence[float],
    *,
    inits: Sequence[Initialization],
    depth: int,
    width: int,
    seed: int,
) -> Iterator[ArmTraining]:
    """Each initialization with and without batch normalization, on the same batches at every learning rate."""
    n_in = split.features
    for init in inits:
        for batch_norm in (False, True):
            build = partial(
                deep_perceptron, n_in, split.classes, layers=depth, width=width, init=init, batch_norm=batch_norm
            )
            for fit in tune(build, split, budget, lrs, seed=seed).fits:
                yield ArmTraining(init, batch_norm, fit)
