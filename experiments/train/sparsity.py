"""What do L0, L1 and L2 penalties do: which gives zeros, which finds the truth, which is fast?

Zeros by solver, supports found by exhaustive search and along the L1 path on two designs, the price of exhaustive
search, and the rate of gradient descent under an L2 penalty.

Notes: L0, L1 and L2 regularization (004:26-29, 002:174-175).
Source: Tibshirani, Regression Shrinkage and Selection via the Lasso, JRSS B 58(1), 1996; Natarajan, Sparse Approximate
Solutions to Linear Systems, SIAM Journal on Computing 24(2), 1995 (L0 is NP-hard); Zhao, Yu, On Model Selection
Consistency of Lasso, JMLR 7, 2006.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.errors import InputError
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import (
    Claim,
    Comparison,
    by_seed,
    conditional,
    effect,
    equivalence,
    proportion,
    slope,
    theorem,
)

if TYPE_CHECKING:
    import numpy as np

NAN = float("nan")
SOLVERS = ("ista", "fista", "coordinate descent", "subgradient")


@parameters(frozen=True, kw_only=True, config=CHECKED)
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
    """L2 penalties for the speed of gradient descent."""
    curvature_points: Annotated[int, Field(ge=1, le=1000)] = 3
    """Random weights at which the curvature of a small network is measured."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """zeros, path, envelope, support, search, rate or network."""
    case: str
    lam: float = NAN
    zero_share: float = NAN
    """Weights that are exactly 0."""
    nearly_zero_share: float = NAN
    """Weights below 1e-3."""
    difference_from_sklearn: float = NAN
    """Largest over all weights, against scikit-learn's Lasso."""
    difference_at_twice_lam: float = NAN
    optimality_gap: float = NAN
    envelope_error: float = NAN
    irrepresentability: float = NAN
    """Above 1 the L1 path need not pass the truth."""
    l0_found: float = NAN
    l1_found: float = NAN
    subsets: float = NAN
    search_seconds: float = NAN
    measured_rate: float = NAN
    theoretical_rate: float = NAN
    smallest_curvature: float = NAN
    """Least eigenvalue of the network's Hessian, without penalty."""


def run(params: Params, seed: int) -> Iterator[Event]:
    import numpy as np

    if params.k >= params.d or params.subset_k >= params.subset_d:
        raise InputError(
            f"expected k < d and subset_k < subset_d, got {params.k} of {params.d} and {params.subset_k} of "
            f"{params.subset_d}; take fewer non-zero weights"
        )
    rng = np.random.default_rng(seed)
    yield from zero_rows(params, rng)
    yield from support_rows(params, rng)
    yield from search_rows(params, rng)
    yield from rate_rows(params, rng)
    yield from network_rows(params, seed)


def zero_rows(params: Params, rng: np.random.Generator) -> Iterator[Row]:
    import numpy as np
    from sklearn.linear_model import Lasso

    from experiments.train.core import sparse_regression as sparse

    X, y, _ = sparse.sparse_problem(params.n, params.d, params.k, params.noise, rng)
    theirs, far = (
        Lasso(lam, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(X, y).coef_
        for lam in (params.lam, 2 * params.lam)
    )
    solutions = {
        "ista": sparse.ista(X, y, params.lam, params.solver_steps),
        "fista": sparse.fista(X, y, params.lam, params.solver_steps),
        "coordinate descent": sparse.coordinate_descent(X, y, params.lam, params.solver_steps // 10),
        "subgradient": sparse.subgradient(X, y, params.lam, params.solver_steps),
        "ridge": sparse.ridge(X, y, params.lam),
    }
    for name, w in solutions.items():
        compared = name in SOLVERS
        yield Row(
            part="zeros",
            case=name,
            lam=params.lam,
            zero_share=float((w == 0).mean()),
            nearly_zero_share=float((np.abs(w) < 1e-3).mean()),
            difference_from_sklearn=float(np.abs(w - theirs).max()) if compared else NAN,
            difference_at_twice_lam=float(np.abs(w - far).max()) if compared else NAN,
            optimality_gap=sparse.optimality_gap(X, y, params.lam, w) if compared else NAN,
        )
    for lam in np.geomspace(0.01, 1, params.path_lams):
        for name, w in (("L1", sparse.fista(X, y, lam, 500)), ("L2", sparse.ridge(X, y, lam))):
            yield Row(part="path", case=name, lam=float(lam), zero_share=float((w == 0).mean()))
    for case, box in (("unit box", 1.0), ("box of half width 2", 2.0)):
        yield Row(part="envelope", case=case, envelope_error=sparse.envelope_error(box, 50))


def support_rows(params: Params, rng: np.random.Generator) -> Iterator[Event]:
    """Does exhaustive search find the true support, and does the L1 path pass it?"""
    import numpy as np

    from experiments.train.core import sparse_regression as sparse

    designs = {"iid": sparse.sparse_problem, "irrepresentable": sparse.irrepresentable_problem}
    for case, problem in designs.items():
        for trial in range(params.subset_trials):
            yield Progress("supports", trial, params.subset_trials)
            X, y, w = problem(params.subset_n, params.subset_d, params.subset_k, 0.3, rng)
            lams = np.geomspace(0.02, float(np.abs(X.T @ y).max()) / len(y), 4 * params.path_lams)
            best, _ = sparse.best_subset(X, y, params.subset_k)
            yield Row(
                part="support",
                case=case,
                irrepresentability=sparse.irrepresentability(X, w),
                l0_found=float(best == tuple(np.flatnonzero(w))),
                l1_found=float(sparse.on_path(X, y, w != 0, lams.tolist(), 300)),
            )


def search_rows(params: Params, rng: np.random.Generator) -> Iterator[Row]:
    import time

    from experiments.train.core import sparse_regression as sparse

    for d in params.cost_dims:
        X, y, _ = sparse.sparse_problem(50, d, 3, params.noise, rng)
        sparse.best_subset(X[:, :4], y, 3)
        begun = time.process_time()
        _, subsets = sparse.best_subset(X, y, 3)
        yield Row(part="search", case=f"d = {d}", subsets=subsets, search_seconds=time.process_time() - begun)


def rate_rows(params: Params, rng: np.random.Generator) -> Iterator[Row]:
    """Gradient descent at the best step on ridge, as least squares with d rows more; (kappa - 1) / (kappa + 1)."""
    import numpy as np

    from experiments.train.core import linear_models as linear
    from experiments.train.core import sparse_regression as sparse

    X, y, _ = sparse.sparse_problem(params.n, params.n // 2, 2, params.noise, rng)
    for lam in params.ridge_lams:
        n, d = X.shape
        # |y - X w|^2 / (2 n) + lam |w|^2 / 2 is half the mean square of stacked residuals, times a common factor
        stacked = np.vstack([X, np.sqrt(n * lam) * np.eye(d)])
        targets = np.concatenate([y, np.zeros(d)])
        iterates = np.stack(list(linear.descend(stacked, targets, linear.best_step(stacked), 20_000)))
        distances = np.linalg.norm(iterates - sparse.ridge(X, y, lam), axis=1)
        yield Row(
            part="rate",
            case="least squares",
            lam=lam,
            measured_rate=linear.measured_rate(distances),
            theoretical_rate=linear.theoretical_rate(stacked),
        )


def network_rows(params: Params, seed: int) -> Iterator[Row]:
    import torch

    from experiments.train.core.curvature import TinyNetwork, extreme_curvatures

    torch.manual_seed(seed)
    network = TinyNetwork(features=4, hidden=6, classes=3)
    inputs, labels = torch.randn(60, 4, dtype=torch.float64), torch.randint(3, (60,))
    for _ in range(params.curvature_points):
        theta = torch.randn(network.size, dtype=torch.float64)
        low, _ = extreme_curvatures(network, theta, inputs, labels)
        yield Row(part="network", case="tanh network", smallest_curvature=low)


def l1_gives_exact_zeros(rows: Sequence[Row]) -> Comparison:
    def zeros(case: str) -> dict[int, float]:
        return by_seed(rows, lambda row: row.zero_share, lambda row: row.part == "zeros" and row.case == case)

    return conditional(
        {solver: effect(zeros(solver), dict.fromkeys(zeros(solver), 0.0), delta=0.5) for solver in SOLVERS}
    )


def l2_never_gives_exact_zeros(rows: Sequence[Row]) -> Comparison:
    def zeros(case: str) -> list[float]:
        return [row.zero_share for row in rows if row.part in ("zeros", "path") and row.case == case]

    return theorem([*zeros("ridge"), *zeros("L2")], control=zeros("fista"))


def proximal_solvers_agree_with_scikit_learn(rows: Sequence[Row]) -> Comparison:
    chosen = [row for row in rows if row.part == "zeros" and row.case in SOLVERS[:3]]
    return theorem(
        [max(row.difference_from_sklearn, row.optimality_gap) for row in chosen],
        tolerance=1e-6,
        control=[row.difference_at_twice_lam for row in chosen],
    )


def l1_is_the_best_convex_stand_in_for_l0(rows: Sequence[Row]) -> Comparison:
    def envelope(case: str) -> list[float]:
        return [row.envelope_error for row in rows if row.part == "envelope" and row.case == case]

    def found(case: str) -> Comparison:
        trials = [row for row in rows if row.part == "support" and row.case == case and row.l0_found]
        return proportion(int(sum(row.l1_found for row in trials)), len(trials), at_least=0.8)

    # the grid of slopes contains every slope of the envelope, so rounding alone remains
    return conditional(
        {
            "convex envelope on the unit box": theorem(
                envelope("unit box"), tolerance=1e-12, control=envelope("box of half width 2")
            ),
            "support found where L0 finds it, iid features": found("iid"),
            "support found where L0 finds it, a feature resembling the sum": found("irrepresentable"),
        }
    )


def exhaustive_search_costs_every_subset(rows: Sequence[Row]) -> Comparison:
    chosen = [row for row in rows if row.part == "search"]
    subsets = sorted({row.subsets for row in chosen})
    seeds = sorted({row.seed for row in chosen})
    seconds = {
        seed: [next(row.search_seconds for row in chosen if (row.seed, row.subsets) == (seed, m)) for m in subsets]
        for seed in seeds
    }
    return slope(subsets, seconds, theory=1.0, tolerance=0.1)


def l2_makes_optimization_fast(rows: Sequence[Row]) -> Comparison:
    parts: dict[str, Comparison] = {}
    rates = [row for row in rows if row.part == "rate"]
    for lam in dict.fromkeys(row.lam for row in rates):
        gained = by_seed(
            (row for row in rates if row.lam == lam), lambda row: (1 - row.measured_rate) / (1 - row.theoretical_rate)
        )
        parts[f"rate (kappa - 1) / (kappa + 1), least squares, lam {lam:g}"] = equivalence(
            gained, dict.fromkeys(gained, 1.0), margin=0.02
        )
        curvatures = [row.smallest_curvature for row in rows if row.part == "network"]
        parts[f"strongly convex at random weights, tanh network, lam {lam:g}"] = theorem(
            [max(0.0, -(low + lam)) for low in curvatures], control=[max(0.0, -low) for low in curvatures]
        )
    return conditional(parts)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="An L1 penalty makes more than half of the weights exactly zero.",
            notes="L1 gives sparsity (004:29)",
            kind="conditional",
            rule="Per solver: share of weights equal to 0, minus 0.5, > 0 over seeds.",
            predicted="conditional",
            judge=l1_gives_exact_zeros,
        ),
        Claim(
            statement="An L2 penalty makes no weight exactly zero.",
            notes="L2 norm (004:28-29)",
            kind="theorem",
            rule="No zero in any ridge solution, at any penalty; the L1 solution must have some.",
            predicted="holds",
            judge=l2_never_gives_exact_zeros,
        ),
        Claim(
            statement="ISTA, FISTA and coordinate descent find scikit-learn's Lasso and satisfy its optimality.",
            notes="L1 norm (004:27)",
            kind="theorem",
            rule="Largest difference of a weight, and gap of optimality, <= 1e-6; twice the penalty must differ.",
            predicted="holds",
            judge=proximal_solvers_agree_with_scikit_learn,
        ),
        Claim(
            statement="The L1 norm is the best convex stand-in for the L0 norm.",
            notes="L1 as convex approximation of L0 (004:29)",
            kind="conditional",
            rule=(
                "Convex envelope of L0 within 1e-12 on the unit box, which must fail on a larger one; the L1 path "
                "passes the support that exhaustive search finds in at least 80 % of problems, per design."
            ),
            predicted="conditional",
            judge=l1_is_the_best_convex_stand_in_for_l0,
        ),
        Claim(
            statement="Exhaustive search for the best L0 solution takes time proportional to the number of subsets.",
            notes="L0 is NP-hard (004:29)",
            kind="slope",
            rule="Exponent of processor time over C(d, 3) is 1 +- 0.1.",
            predicted="holds",
            judge=exhaustive_search_costs_every_subset,
        ),
        Claim(
            statement="An L2 penalty makes the loss strongly convex, and gradient descent as fast as that promises.",
            notes="L2 makes optimization stable and fast (004:29)",
            kind="conditional",
            rule=(
                "Per penalty: (1 - rate) / (1 - theory) within 0.02 of 1 for least squares; smallest eigenvalue of a "
                "network's Hessian + lam >= 0 at all random weights."
            ),
            predicted="conditional",
            judge=l2_makes_optimization_fast,
        ),
    ),
    tables=(
        Table(
            title="Zeros",
            by=("case",),
            columns=("zero_share", "nearly_zero_share", "difference_from_sklearn", "optimality_gap"),
            where=lambda row: row.part == "zeros",
        ),
        Table(
            title="True support found",
            by=("case",),
            columns=("l0_found", "l1_found", "irrepresentability"),
            where=lambda row: row.part == "support",
        ),
        Table(
            title="Exhaustive search",
            by=("case",),
            columns=("subsets", "search_seconds"),
            where=lambda row: row.part == "search",
        ),
        Table(
            title="Gradient descent with an L2 penalty",
            by=("lam",),
            columns=("measured_rate", "theoretical_rate"),
            where=lambda row: row.part == "rate",
        ),
        Table(
            title="Curvature of a small network without penalty",
            by=("case",),
            columns=("smallest_curvature",),
            where=lambda row: row.part == "network",
        ),
    ),
    curves=(
        Curve(name="zeros", x="lam", y="zero_share", group="case", x_scale="log", where=lambda row: row.part == "path"),
    ),
)
