"""Remedies against over-fitting, one at a time, on few and partly wrong labels; and dropout as a penalty.

Source: Wager, Wang, Liang, Dropout Training as Adaptive Regularization, NeurIPS 2013; Srivastava et al., JMLR 15, 2014.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from experiments.train.core.fitting import fit
from experiments.train.core.perceptron import accuracy, perceptron

Labelled = tuple[Tensor, Tensor]


def with_wrong_labels(labels: Tensor, share: float, classes: int, rng: torch.Generator) -> Tensor:
    """A copy of labels (n,) of which round(``share`` n) random ones are another class, uniformly."""
    wrong = torch.randperm(len(labels), generator=rng)[: round(share * len(labels))]
    noisy = labels.clone()
    noisy[wrong] = (labels[wrong] + torch.randint(1, classes, (len(wrong),), generator=rng)) % classes
    return noisy


@dataclass(frozen=True, kw_only=True)
class Fitted:
    train_accuracy: float
    """On the labels trained on, wrong ones included."""
    validation_accuracy: float
    test_accuracy: float


def fit_with(
    remedy: str,
    strength: float,
    train: Labelled,
    validation: Labelled,
    test: Labelled,
    *,
    classes: int,
    width: int,
    steps: int,
    seed: int,
) -> Fitted:
    """A network of one hidden layer trained by Adam on full batches with one remedy.

    ``strength``: weight decay of AdamW (l2), factor of the sum of |weights| (l1), rate (dropout), standard deviation
    of normal noise on the pixels (augment), width (small). early_stop keeps the weights of the best validation
    accuracy, seen every 10 updates. Penalties spare the biases.
    """
    torch.manual_seed(seed)
    hidden = int(strength) if remedy == "small" else width
    network = perceptron((train[0].shape[1], hidden, classes), dropout=strength if remedy == "dropout" else 0.0)
    weights = [p for p in network.parameters() if p.dim() > 1]
    biases = [p for p in network.parameters() if p.dim() == 1]
    decay = strength if remedy == "l2" else 0.0
    optimizer = torch.optim.AdamW(
        [{"params": weights, "weight_decay": decay}, {"params": biases, "weight_decay": 0.0}], lr=3e-3
    )
    best: list[tuple[float, dict[str, Tensor]]] = []

    def remember(step: int) -> None:
        if step % 10 == 0:
            right = accuracy(network, *validation)
            if not best or right > best[0][0]:
                best[:] = [(right, copy.deepcopy(network.state_dict()))]

    fit(
        network,
        *train,
        optimizer,
        batch_size=len(train[1]),
        steps=steps,
        seed=seed,
        penalty=(lambda _: strength * torch.stack([w.abs().sum() for w in weights]).sum()) if remedy == "l1" else None,
        change=(lambda x: x + strength * torch.randn_like(x)) if remedy == "augment" else None,
        after=remember if remedy == "early_stop" else None,
    )
    if best:
        network.load_state_dict(best[0][1])
    return Fitted(
        train_accuracy=accuracy(network, *train),
        validation_accuracy=accuracy(network, *validation),
        test_accuracy=accuracy(network, *test),
    )


def dropout_penalty(inputs: Tensor, weights: Tensor, p: float) -> tuple[Tensor, Tensor]:
    """(adaptive, plain) L2 penalty that dropout on the inputs (n, d) of a linear model amounts to.

    E_mask (y - sum_j w_j x_j m_j / (1 - p))^2 = (y - w x)^2 + p / (1 - p) sum_j w_j^2 x_j^2, so in the mean over
    samples weight j is penalized by the mean of x_j^2. The plain one weighs all weights alike.
    """
    factor = p / (1 - p)
    squares = inputs.square().mean(0)
    return factor * (weights**2 * squares).sum(), factor * (weights**2).sum() * squares.mean()


def dropout_loss_exactly(inputs: Tensor, targets: Tensor, weights: Tensor, p: float) -> Tensor:
    """Mean squared error of the linear model averaged over all 2^d masks, weighted by their probability."""
    d = inputs.shape[1]
    masks = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=inputs.dtype)] * d).view(-1, d)
    chances = (p ** (d - masks.sum(1))) * (1 - p) ** masks.sum(1)
    predictions = inputs @ (masks * weights / (1 - p)).T
    return ((predictions - targets[:, None]).square().mean(0) * chances).sum()


def losses_under_dropout(network: nn.Module, inputs: Tensor, labels: Tensor, passes: int) -> Tensor:
    """Cross entropy (passes,) of one and the same network in train mode."""
    with torch.no_grad():
        return torch.stack([nn.functional.cross_entropy(network(inputs), labels) for _ in range(passes)])
