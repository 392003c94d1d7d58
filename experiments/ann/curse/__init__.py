"""What is the curse of dimensionality: which dimension counts, and for which model?

Distances lose their contrast with the number of independent coordinates, but not with the number of coordinates of a
curved surface; and more features ask for more samples with nearest neighbors far more than with least squares or the
lasso.

Notes: curse of dimensionality, representation learning.

Source: Beyer, Goldstein, Ramakrishnan, Shaft: When is "nearest neighbor" meaningful?, ICDT 1999; Stone: Optimal global
rates of convergence for nonparametric regression, Annals of Statistics 10(4), 1982.
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.ann.curse import contrast, features, nearest, projections
from experiments.ann.curse.setup import Params
from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Row, Rows, plain_setup


def answer(findings: Findings, rows: Rows) -> str:
    seen, fitted = rows.of(contrast.PART), rows.of(features.PART)
    dims, counts = sorted({row.dim for row in seen}), sorted({row.irrelevant for row in fitted})

    def change(of: Sequence[Row], column: str, sweep: str, values: list[int], **only: object) -> str:
        return " to ".join(number(mean(of, column, **{sweep: value}, **only)) for value in (values[0], values[-1]))

    own, surface = (change(seen, "contrast", "dim", dims, data=data) for data in ("independent", "surface"))
    errors = listing(
        f"{name} from {change(fitted, 'test_error', 'irrelevant', counts, model=model)}"
        for model, name in features.NAMES.items()
        if model in {row.model for row in fitted}
    )
    return (
        f"From {dims[0]} to {dims[-1]} independent coordinates the contrast of distances goes from {own}, in as many "
        f"coordinates of a curved surface from {surface}. With {counts[-1]} irrelevant features in place of "
        f"{counts[0]} the test error goes, for {errors}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=plain_setup,
    parts=(contrast.PART, nearest.PART, features.PART, projections.PART),
    answer=answer,
    headline=Headline(part=contrast.PART, table=contrast.SHOWN),
)
