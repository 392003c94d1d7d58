"""How does a linear model learn?

How does a linear model learn, and what is its squared error worth?

Gradient descent against the closed forms and its speed over the condition number, the training loop with and without
zero_grad, the squared error's identities, and its price when some targets are grossly wrong.

Notes: linear model and mean squared error; the training loop.

Source: Nocedal, Wright, Numerical Optimization, 2006, section 3.3; Huber, Robust Estimation of a Location Parameter,
Annals of Mathematical Statistics 35(1), 1964.
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.lab.answers import mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Rows
from experiments.train.linear import descent, laws
from experiments.train.linear.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    rates, fits = rows.of(descent.RATES), [row for row in rows.of(laws.OUTLIERS) if row.targets == "with outliers"]
    low, high = (kappa(row.kappa for row in rates) for kappa in (min, max))
    squared, huber = (mean(fits, "test_rmse", loss=loss) for loss in ("squared", "Huber"))
    return (
        f"To come a million times nearer to the minimum gradient descent takes {_steps(rates, low)} steps at "
        f"condition number {low:g} and {_steps(rates, high)} at {high:g}. Trained on targets with gross outliers, "
        f"squared error misses clean ones by {number(squared)}, Huber's loss by {number(huber)}."
    )


def _steps(rates: Sequence[descent.RateRow], kappa: float) -> str:
    of = [row for row in rates if row.kappa == kappa]
    return ("" if all(row.reached for row in of) else "more than ") + number(mean(of, "steps_to_millionth"))


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(descent.RATES, descent.PATHS, descent.SIGMOID, laws.LAWS, laws.LEAST, laws.OUTLIERS),
    claims=(descent.FAST,),
    answer=answer,
    headline=Headline(part=laws.OUTLIERS, table=laws.OUTLIERS.tables[0]),
)
