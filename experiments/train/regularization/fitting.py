"""A network trained with one remedy against overfitting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

    from experiments.foundation.networks.split import ImageShape, Split

BY_RATE = ("none", "features", "sgd", "more_data")
"""Their grid is that of the learning rate; the others have a strength, at the rate ``LR``."""
LR = 3e-3


def fit_with(
    remedy: str, strength: float, split: Split, *, width: int, updates: int, seed: int
) -> Iterator[tuple[int, nn.Sequential]]:
    """A network of one hidden layer after each of ``updates`` updates of Adam on all training images.

    ``strength``: weight decay of AdamW (l2), factor of the sum of |weights| (l1), rate (dropout), standard deviation
    of normal noise on the pixels (noise), most pixels that images move (shift), share of a distortion (distortion),
    width (small), else the learning rate. Penalties spare the biases.
    """
    import torch

    from experiments.foundation.networks.batches import shuffled_batches
    from experiments.foundation.networks.fit import batch_losses, steps
    from experiments.train.core.perceptron import perceptron

    torch.manual_seed(seed)
    hidden = int(strength) if remedy == "small" else width
    network = perceptron((split.features, hidden, split.classes), dropout=strength if remedy == "dropout" else 0.0)
    weights = [p for p in network.parameters() if p.dim() == 2]
    batches = shuffled_batches(len(split.train), len(split.train), updates, torch.Generator().manual_seed(seed))
    losses = batch_losses(network, split.train, batches, change=change_of(remedy, strength, split.shape))
    penalty = (lambda: strength * torch.stack([w.abs().sum() for w in weights]).sum()) if remedy == "l1" else None
    for number, _ in steps(optimizer_of(remedy, strength, network), losses, penalty=penalty):
        yield number, network


def optimizer_of(remedy: str, strength: float, network: nn.Module) -> Optimizer:
    import torch

    if remedy == "sgd":
        return torch.optim.SGD(network.parameters(), strength, momentum=0.9)
    biases, weights = ([p for p in network.parameters() if p.dim() == dim] for dim in (1, 2))
    decay = {"params": weights, "weight_decay": strength if remedy == "l2" else 0.0}
    lr = strength if remedy in BY_RATE else LR
    return torch.optim.AdamW([decay, {"params": biases, "weight_decay": 0.0}], lr, fused=True)


def change_of(remedy: str, strength: float, shape: ImageShape) -> Callable[[Tensor], Tensor] | None:
    """What is done to flat images at every update."""
    import torch

    from experiments.train.core.image_changes import MOVE, STRETCH, TURN, distorted

    amounts = {"move": strength} if remedy == "shift" else {}
    if remedy == "distortion":
        amounts = {"turn": strength * TURN, "stretch": strength * STRETCH, "move": strength * MOVE}
    if amounts:
        return lambda x: distorted(x.view(-1, *shape), **amounts).flatten(1)
    return (lambda x: x + strength * torch.randn_like(x)) if remedy == "noise" else None
