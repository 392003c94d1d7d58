"""Small perceptrons and their trainings: deep ones with batch normalization, ensembles over learning rates, and
ensembles on random labels.

Sources: He et al.: Delving Deep into Rectifiers, 2015; Ioffe, Szegedy: Batch Normalization, 2015; Zhang et al.:
Understanding Deep Learning Requires Rethinking Generalization, ICLR 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from experiments.foundation.networks.budget import Budget, Fit, fit_of
from experiments.foundation.networks.ensemble import Ensemble, Member
from experiments.foundation.networks.metrics import correct
from experiments.foundation.networks.split import Split
from experiments.foundation.networks.timing import reproducible

Initialization = Literal["default", "he", "xavier"]


def deep_perceptron(
    n_in: int, classes: int, *, layers: int, width: int, init: Initialization, batch_norm: bool
) -> nn.Sequential:
    """``layers`` hidden layers of ``width`` with ReLU, images (n, ...) to logits, from torch's global random state.

    Default weights are torch's, uniform of variance 1 / (3 n_in); He's have variance 2 / n_in, Xavier's 2 / (n_in +
    n_out). Batch normalization stands between the linear map and ReLU.
    """
    modules: list[nn.Module] = [nn.Flatten()]
    for layer in range(layers):
        modules.append(nn.Linear(width if layer else n_in, width))
        modules += [nn.BatchNorm1d(width)] if batch_norm else []
        modules.append(nn.ReLU())
    network = nn.Sequential(*modules, nn.Linear(width, classes))
    for module in network:
        if isinstance(module, nn.Linear) and init != "default":
            draw = nn.init.kaiming_normal_ if init == "he" else nn.init.xavier_normal_
            draw(module.weight)
            nn.init.zeros_(module.bias)
    return network


def train_perceptrons(
    widths: Sequence[int], split: Split, budget: Budget, lrs: Sequence[float], *, seed: int
) -> tuple[Fit, ...]:
    """One perceptron with the hidden ``widths`` per learning rate, from the same start on the same batches, by Adam."""
    flat = split.flat
    with reproducible(seed):
        rng = torch.Generator().manual_seed(seed)
        sizes = (split.features, *widths, split.classes)
        ensemble = Ensemble([Member(each_cross_entropy, lr) for lr in lrs], sizes, rng)
        order = torch.Generator().manual_seed(seed + 1)  # not rng: other sizes have drawn other numbers from it
        targets = flat.train.labels.expand(len(lrs), -1)
        steps = ensemble.train(
            flat.train.inputs, targets, steps=budget.steps, batch=budget.batch_size, rng=order, falls=budget.falls
        )
        losses = torch.stack([loss for _, loss in steps])
        parts = (flat.train, flat.validation, flat.test)
        found = [_right(ensemble, part.inputs, part.labels) for part in parts]
    return tuple(
        fit_of(losses[:, i].tolist(), [float(part[i]) for part in found], budget, lr, split.classes)
        for i, lr in enumerate(lrs)
    )


def memorize(
    inputs: Tensor, classes: int, hidden: Sequence[int], budget: Budget, *, networks: int, lr: float, seed: int
) -> list[float]:
    """Accuracy of every network on its own random labels of ``inputs`` (n, ...), after training on them by Adam."""
    with reproducible(seed):
        rng = torch.Generator().manual_seed(seed)
        x = inputs.flatten(1)
        labels = torch.randint(classes, (networks, len(x)), generator=rng)
        members = [Member(each_cross_entropy, lr, start=start) for start in range(networks)]
        ensemble = Ensemble(members, (x.shape[1], *hidden, classes), rng)
        for _ in ensemble.train(x, labels, steps=budget.steps, batch=budget.batch_size, rng=rng):
            pass
        return _right(ensemble, x, labels).tolist()


def each_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Loss (b,) of every example."""
    return cross_entropy(logits, labels, reduction="none")


@torch.no_grad()
def _right(ensemble: Ensemble, inputs: Tensor, labels: Tensor) -> Tensor:
    """Share (members,) of inputs (n, d) that each member gives its label: one for all (n,), or its own (members, n)."""
    return correct(ensemble.logits(inputs), labels).double().mean(1)
