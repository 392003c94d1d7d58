"""Networks with the learning rate that validation chose, kept for what is measured afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from torch import nn

from experiments.nn.core.fit import Budget, Fit, Tuned, tune
from experiments.nn.core.splits import Split

N = TypeVar("N", bound=nn.Module)


@dataclass(frozen=True, kw_only=True)
class TunedNetworks(Generic[N]):
    """One trained network per learning rate of ``tuned``, in its order."""

    tuned: Tuned
    networks: tuple[N, ...]

    @property
    def best(self) -> tuple[Fit, N]:
        """The fit of highest validation accuracy, and its network."""
        best = self.tuned.best
        return best, self.networks[self.tuned.fits.index(best)]


def tuned_networks(
    build: Callable[[], N], split: Split, budget: Budget, lrs: Sequence[float], *, seed: int
) -> TunedNetworks[N]:
    """Train what ``build`` makes at every learning rate; it is called once per rate, from the same random state."""
    built: list[N] = []

    def kept() -> N:
        built.append(build())
        return built[-1]

    tuned = tune(kept, split, budget, lrs, seed=seed)
    return TunedNetworks(tuned=tuned, networks=tuple(built))
