"""What math.norms can be asked, and the random instances on which its parts try their statements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from experiments.lab.experiment import Setup, parameters

Floats = NDArray[np.float64]
ROUNDING = 1e-13
"""Relative; sums of n <= 1e4 terms in float64 stay below n eps = 2e-12 in the worst case and far below it at random."""


@parameters
class Params:
    n: Annotated[int, Field(ge=2, le=10_000)] = 20
    """Entries of a vector."""
    orders: tuple[Annotated[float, Field(gt=0)], ...] = (0.5, 1.0, 2.0, 4.0, float("inf"))
    """Exponents p: those from 1 on are tried against the axioms, all are drawn."""
    trials: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Random instances of every law."""
    scale: Annotated[float, Field(ge=1e-300, le=1e300)] = 1.0
    """Size of the entries of the vectors for the axioms."""
    scales: tuple[Annotated[float, Field(ge=1e-300, le=1e300)], ...] = (1e-200, 1.0, 1e200)
    """Sizes of entries for which the length is compared with its scaled value."""


@dataclass(frozen=True)
class Instance:
    """Random vectors for every statement, in the order in which they are drawn."""

    sides: Floats
    """(2, n) of size ``scale``."""
    factor: float
    ends: Floats
    """(2, n), two points."""
    vector: Floats
    matrix: Floats
    """(2, 2), whole numbers other than 0."""
    sparse: Floats
    """(2, n), about half of the entries 0, but not the very first."""
    scaled: Floats


@dataclass(frozen=True, kw_only=True)
class Vectors(Setup[Params]):
    def instances(self) -> Iterator[Instance]:
        """The same for every part."""
        rng, n = np.random.default_rng(self.seed), self.params.n
        for _ in range(self.params.trials):
            drawn = Instance(
                self.params.scale * rng.standard_normal((2, n)),
                float(rng.uniform(-3, 3)),
                rng.standard_normal((2, n)),
                rng.standard_normal(n),
                (rng.integers(1, 6, (2, 2)) * rng.choice([-1, 1], (2, 2))).astype(np.float64),
                np.array([np.where(rng.random(n) < 0.5, 0.0, rng.integers(1, 5, n)) for _ in range(2)]),
                rng.standard_normal(n),
            )
            drawn.sparse[0, 0] = 1.0
            yield drawn


def prepare(params: Params, seed: int) -> Vectors:
    return Vectors(params=params, seed=seed)
