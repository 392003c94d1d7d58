"""A network trained with one remedy against overfitting."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn

    from experiments.foundation.networks.split import Split


def fit_with(remedy: str, strength: float, split: Split, *, width: int, steps: int, seed: int) -> nn.Sequential:
    """A network of one hidden layer trained by Adam on full batches.

    ``strength``: weight decay of AdamW (l2), factor of the sum of |weights| (l1), rate (dropout), standard deviation
    of normal noise on the pixels (augment), width (small). early_stop keeps the weights of the best validation
    accuracy, seen every 10 updates. Penalties spare the biases.
    """
    import torch

    from experiments.foundation.networks.batches import shuffled_batches
    from experiments.foundation.networks.evaluation import network_accuracy
    from experiments.foundation.networks.fit import fit
    from experiments.train.core.perceptron import perceptron

    torch.manual_seed(seed)
    hidden = int(strength) if remedy == "small" else width
    network = perceptron((split.features, hidden, split.classes), dropout=strength if remedy == "dropout" else 0.0)
    biases, weights = ([p for p in network.parameters() if p.dim() == dim] for dim in (1, 2))
    decay = strength if remedy == "l2" else 0.0
    groups = [{"params": weights, "weight_decay": decay}, {"params": biases, "weight_decay": 0.0}]
    best: list[tuple[float, dict[str, Tensor]]] = []

    def remember(step: int) -> None:
        if step % 10 == 0:
            right = network_accuracy(network, split.validation, batch_size=None)
            if not best or right > best[0][0]:
                best[:] = [(right, copy.deepcopy(network.state_dict()))]

    fit(
        network,
        split.train,
        torch.optim.AdamW(groups, lr=3e-3),
        shuffled_batches(len(split.train), len(split.train), steps, torch.Generator().manual_seed(seed)),
        penalty=(lambda: strength * torch.stack([w.abs().sum() for w in weights]).sum()) if remedy == "l1" else None,
        change=(lambda x: x + strength * torch.randn_like(x)) if remedy == "augment" else None,
        after=remember if remedy == "early_stop" else None,
    )
    if best:
        network.load_state_dict(best[0][1])
    return network
