"""Which weights are exactly zero: with an L1 penalty by solver, and with L1 and L2 over the penalty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Theorem
from experiments.train.sparsity.setup import Problems


@observation
class SolverRow(Row):
    """The weights that one solver of the L1 problem finds."""

    solver: str
    zero_share: float
    """Weights that are exactly 0."""
    nearly_zero_share: float
    """Weights below 1e-3."""
    difference_from_sklearn: float
    """Largest over all weights, against scikit-learn's Lasso."""
    difference_at_twice_lam: float
    """The same, against the Lasso with twice the penalty."""
    optimality_gap: float


@observation
class PenaltyRow(Row):
    penalty: str
    """L1 by FISTA, or L2 exactly."""
    lam: float
    zero_share: float
    nearly_zero_share: float


def run_solvers(problems: Problems) -> Iterator[SolverRow]:
    import numpy as np
    from sklearn.linear_model import Lasso

    from experiments.train.core import sparse_regression as sparse

    (X, y, _), lam, steps = problems.sparse, problems.params.lam, problems.params.solver_steps
    theirs, far = (Lasso(at, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(X, y).coef_ for at in (lam, 2 * lam))
    solutions = {
        "ista": sparse.ista(X, y, lam, steps),
        "fista": sparse.fista(X, y, lam, steps),
        "coordinate descent": sparse.coordinate_descent(X, y, lam, steps // 10),
        "subgradient": sparse.subgradient(X, y, lam, steps),
    }
    for name, w in solutions.items():
        yield SolverRow(
            solver=name,
            zero_share=float((w == 0).mean()),
            nearly_zero_share=float((np.abs(w) < 1e-3).mean()),
            difference_from_sklearn=float(np.abs(w - theirs).max()),
            difference_at_twice_lam=float(np.abs(w - far).max()),
            optimality_gap=sparse.optimality_gap(X, y, lam, w),
        )


def run_penalties(problems: Problems) -> Iterator[PenaltyRow]:
    import numpy as np

    from experiments.train.core.sparse_regression import fista, ridge

    X, y, _ = problems.sparse
    for lam in sorted({problems.params.lam, *np.geomspace(0.01, 1, problems.params.path_lams).tolist()}):
        for penalty, w in (("L1", fista(X, y, lam, 500)), ("L2", ridge(X, y, lam))):
            yield PenaltyRow(
                penalty=penalty,
                lam=lam,
                zero_share=float((w == 0).mean()),
                nearly_zero_share=float((np.abs(w) < 1e-3).mean()),
            )


def zeros_by_solver(rows: Sequence[SolverRow]) -> Mapping[str, Pairs]:
    """Share of zeros, against none."""
    solvers = dict.fromkeys(row.solver for row in rows)
    return {solver: Pairs.against(by_seed(rows, "zero_share", solver=solver), 0.0) for solver in solvers}


def errors_of_proximal_solvers(rows: Sequence[SolverRow]) -> Instances:
    chosen = [row for row in rows if row.solver != "subgradient"]
    return Instances(
        errors=[max(row.difference_from_sklearn, row.optimality_gap) for row in chosen],
        control=[row.difference_at_twice_lam for row in chosen],
    )


def zeros_by_penalty(rows: Sequence[PenaltyRow]) -> Instances:
    l2, l1 = ([row.zero_share for row in rows if row.penalty == penalty] for penalty in ("L2", "L1"))
    return Instances(errors=l2, control=l1)


def most_zeros(rows: Sequence[PenaltyRow]) -> str:
    """What the curve shows."""
    largest = max(row.lam for row in rows)
    l1, l2 = (percent(mean(rows, "zero_share", penalty=penalty, lam=largest)) for penalty in ("L1", "L2"))
    return f"At a penalty of {number(largest, 2)} L1 makes {l1} of the weights exactly zero, L2 {l2}"


SOLVERS = Part(
    name="solvers",
    row=SolverRow,
    run=run_solvers,
    claims=(
        Claim(
            "l1_gives_exact_zeros",
            statement="An L1 penalty makes more than half of the weights exactly zero.",
            rule=Each(Effect("share of weights equal to 0", delta=0.5), per="solver"),
            measure=zeros_by_solver,
            topic="L1 gives sparsity",
            predicted={"ista": "holds", "fista": "holds", "coordinate descent": "holds", "subgradient": "refuted"},
            source="Tibshirani 1996; a subgradient step meets 0 with probability 0",
        ),
        Claim(
            "proximal_solvers_agree_with_scikit_learn",
            statement="ISTA, FISTA and coordinate descent find scikit-learn's Lasso and satisfy its optimality.",
            rule=Theorem(
                "largest difference of a weight, and gap of optimality,", control="twice the penalty", tolerance=1e-6
            ),
            measure=errors_of_proximal_solvers,
            topic="L1 norm",
            predicted="holds",
            source="Beck and Teboulle 2009; Friedman, Hastie and Tibshirani 2010",
        ),
    ),
    tables=(
        Table(
            title="Zeros by solver of the L1 problem",
            by=("solver",),
            columns=("zero_share", "nearly_zero_share", "difference_from_sklearn", "optimality_gap"),
        ),
    ),
)
PENALTIES = Part(
    name="penalties",
    row=PenaltyRow,
    run=run_penalties,
    claims=(
        Claim(
            "l2_never_gives_exact_zeros",
            statement="An L2 penalty makes no weight exactly zero.",
            rule=Theorem("no weight is 0, at any penalty", control="the L1 solution"),
            measure=zeros_by_penalty,
            topic="L2 norm",
            predicted="holds",
            source="Tibshirani 1996",
        ),
    ),
    tables=(Table(title="Zeros by penalty", by=("penalty", "lam"), columns=("zero_share", "nearly_zero_share")),),
    curves=(Curve("zeros", "lam", "zero_share", "penalty", x_scale="log", title=most_zeros),),
)
