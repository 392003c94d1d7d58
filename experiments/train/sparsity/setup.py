"""What train.sparsity can be asked, and its problems: least squares with few non-zero weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from experiments.train.core.sparse_regression import Problem


@parameters
class Params:
    n: Annotated[int, Field(ge=4, le=10_000)] = 60
    """Observations."""
    d: Annotated[int, Field(ge=4, le=5000)] = 80
    """Features."""
    k: Annotated[int, Field(ge=2, le=1000)] = 5
    """Features with a non-zero weight of +-1."""
    noise: Annotated[float, Field(ge=0, le=100)] = 0.5
    """Standard deviation of the noise."""
    lam: Annotated[float, Field(gt=0, le=100)] = 0.15
    """L1 penalty of the zeros, in scikit-learn's scale 1 / (2 n)."""
    solver_steps: Annotated[int, Field(ge=10, le=1_000_000)] = 3000
    """Steps of ISTA, FISTA and subgradient descent; coordinate descent takes a tenth as many sweeps."""
    path_lams: Annotated[int, Field(ge=3, le=1000)] = 15
    """Penalties on the L1 path, evenly spaced in the logarithm."""
    subset_d: Annotated[int, Field(ge=4, le=20)] = 8
    """Features of the problem that exhaustive search solves too."""
    subset_k: Annotated[int, Field(ge=2, le=10)] = 3
    """Its non-zero weights."""
    subset_n: Annotated[int, Field(ge=20, le=10_000)] = 100
    """Its observations."""
    subset_trials: Annotated[int, Field(ge=1, le=1000)] = 2
    """Its problems per seed and design."""
    cost_dims: Annotated[tuple[Annotated[int, Field(ge=4, le=40)], ...], Field(min_length=5)] = (6, 8, 10, 12, 14)
    """Features for the time of exhaustive search over all subsets of 3."""
    ridge_lams: Annotated[tuple[Annotated[float, Field(gt=0, le=100)], ...], Field(min_length=1)] = (0.01, 0.1, 1.0)
    """L2 penalties for the speed of gradient descent; 0.01, 0.1 and 1 are judged."""
    curvature_points: Annotated[int, Field(ge=1, le=1000)] = 3
    """Random weights at which the curvature of a small network is measured."""


@dataclass(frozen=True, kw_only=True)
class Problems(Setup[Params]):
    sparse: Problem
    """(X, y, w): observations, targets and true weights."""
    supports: Mapping[str, Sequence[Problem]]
    """Small ones, by design."""
    searched: Sequence[Problem]
    """By rising number of features."""
    ridge: Problem
    """With more observations than features."""


def prepare(params: Params, seed: int) -> Problems:
    import numpy as np

    from experiments.train.core.sparse_regression import irrepresentable_problem, sparse_problem

    if params.k >= params.d or params.subset_k >= params.subset_d:
        raise InputError(
            f"expected k < d and subset_k < subset_d, got {params.k} of {params.d} and {params.subset_k} of "
            f"{params.subset_d}; take fewer non-zero weights"
        )
    rng = np.random.default_rng(seed)
    designs = {"iid": sparse_problem, "irrepresentable": irrepresentable_problem}
    small = params.subset_n, params.subset_d, params.subset_k, 0.3, rng
    # the arguments draw from one generator, in this order
    return Problems(
        params=params,
        seed=seed,
        sparse=sparse_problem(params.n, params.d, params.k, params.noise, rng),
        supports={name: [design(*small) for _ in range(params.subset_trials)] for name, design in designs.items()},
        searched=[sparse_problem(50, d, 3, params.noise, rng) for d in params.cost_dims],
        ridge=sparse_problem(params.n, params.n // 2, 2, params.noise, rng),
    )
