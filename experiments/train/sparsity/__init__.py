"""What do L0, L1 and L2 penalties do?

What do L0, L1 and L2 penalties do: which gives zeros, which finds the truth, which is fast?

Zeros by solver, supports found by exhaustive search and along the L1 path on two designs, the price of exhaustive
search, and the rate of gradient descent under an L2 penalty.

Notes: L0, L1 and L2 regularization.

Source: Tibshirani, Regression Shrinkage and Selection via the Lasso, JRSS B 58(1), 1996; Natarajan, Sparse Approximate
Solutions to Linear Systems, SIAM Journal on Computing 24(2), 1995 (L0 is NP-hard); Zhao, Yu, On Model Selection
Consistency of Lasso, JMLR 7, 2006.
"""

from __future__ import annotations

from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows
from experiments.train.sparsity import ridge, supports, zeros
from experiments.train.sparsity.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    solved, penalties, found = rows.of(zeros.SOLVERS), rows.of(zeros.PENALTIES), rows.of(supports.SUPPORTS)
    l1, subgradient = (mean(solved, "zero_share", solver=name) for name in ("fista", "subgradient"))
    l2 = mean(penalties, "zero_share", penalty="L2")
    iid, hard = (mean(found, "l1_found", design=design) for design in ("iid", "irrepresentable"))
    return (
        f"An L1 penalty makes {percent(l1)} of the weights exactly zero ({percent(subgradient)} by subgradient "
        f"descent), an L2 penalty {percent(l2)}. L1 finds the true features in {percent(iid)} of problems with "
        f"independent features and in {percent(hard)} where one resembles the sum of the true ones; exhaustive search "
        f"finds them in {percent(mean(found, 'l0_found'))} of both."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(
        zeros.SOLVERS,
        zeros.PENALTIES,
        supports.ENVELOPE,
        supports.SUPPORTS,
        supports.SEARCH,
        ridge.RATES,
        ridge.CURVATURES,
    ),
    claims=(supports.BEST_CONVEX, ridge.FAST),
    answer=answer,
    headline=Headline(part=zeros.SOLVERS, table=zeros.SOLVERS.tables[0]),
)
