"""Networks that differ in their learning rate alone: trained side by side, and the one that validation chose.

The test part is read for the chosen network alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.func import functional_call

from experiments.foundation.networks.budget import Budget, Fit, Tuned
from experiments.foundation.networks.scores.evaluation import network_accuracy
from experiments.foundation.networks.side_by_side import Rate, train_side_by_side
from experiments.foundation.networks.split import Split
from experiments.foundation.networks.timing import reproducible

N = TypeVar("N", bound=nn.Module)


class Members(nn.Module, Generic[N]):
    """Networks of one architecture as one network: images (n, ...) to logits (members, n, ...).

    ``weights`` are their parameters in the architecture's order, each stacked along a first axis of members. torch's
    vmap computes all of them at once; whoever derives from it may say in ``forward`` how to do so faster.

    >>> Members([nn.Linear(3, 2), nn.Linear(3, 2)])(torch.zeros(5, 3)).shape
    torch.Size([2, 5, 2])
    """

    def __init__(self, networks: Sequence[N]) -> None:
        super().__init__()
        self.networks = tuple(networks)  # in a tuple, since their own parameters are not to be trained
        self._names = [name for name, _ in networks[0].named_parameters()]
        each = zip(*(network.parameters() for network in networks), strict=True)
        self.weights = nn.ParameterList(torch.stack([part.detach() for part in same]) for same in each)

    def forward(self, inputs: Tensor) -> Any:
        each = torch.vmap(partial(functional_call, self.networks[0]), in_dims=(0, None), randomness="same")
        return each(dict(zip(self._names, self.weights, strict=True)), inputs)

    def member(self, index: int) -> N:
        """One of the networks, with a copy of the weights that it has now."""
        network = copy.deepcopy(self.networks[index])
        named = zip(self._names, self.weights, strict=True)
        network.load_state_dict({name: weights[index].detach() for name, weights in named})
        return network

    def stacked(self, layer: str) -> list[Tensor]:
        """Parameters of the layer of that name, each (members, ...)."""
        named = zip(self._names, self.weights, strict=True)
        return [weights for name, weights in named if name.startswith(f"{layer}.")]

    def joined(self, layer: str) -> list[Tensor]:
        """The same with the members' output channels after each other, as grouped convolutions want them."""
        return [part.flatten(0, 1) if part.dim() > 1 else part for part in self.stacked(layer)]


@dataclass(frozen=True, kw_only=True)
class TunedNetworks(Generic[N]):
    """One trained network per learning rate of ``tuned``, in its order; test accuracies are nan but for the best."""

    tuned: Tuned
    networks: tuple[N, ...]

    @property
    def best(self) -> tuple[Fit, N]:
        """The fit of highest validation accuracy, and its network."""
        best = self.tuned.best
        return best, self.networks[self.tuned.fits.index(best)]


def tuned_networks(
    build: Callable[[], N],
    side_by_side: Callable[[Sequence[N]], Members[N]],
    split: Split,
    budget: Budget,
    lrs: Sequence[float],
    *,
    seed: int,
) -> TunedNetworks[N]:
    """Train what ``build`` makes by Adam at every learning rate, from the same weights and on the same batches."""
    with reproducible(seed):
        members = side_by_side([build()] * len(lrs))
        untested = replace(split, test=split.test.first(0))
        fits = list(train_side_by_side(members, untested, budget, [Rate(lr) for lr in lrs], seed=seed))
        networks = tuple(members.member(index) for index in range(len(lrs)))
        best = fits.index(Tuned(fits=tuple(fits)).best)
        if not fits[best].diverged:
            fits[best] = replace(fits[best], test_accuracy=network_accuracy(networks[best], split.test))
    return TunedNetworks(tuned=Tuned(fits=tuple(fits)), networks=networks)
