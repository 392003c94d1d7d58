"""What is the curse of dimensionality?

What is the curse of dimensionality: which dimension counts, and for which model?

Distances lose their contrast with the number of independent coordinates, but not with the number of coordinates of a
curved surface; and more features ask for more samples with nearest neighbors far more than with least squares or the
lasso.

Notes: curse of dimensionality, representation learning.

Source: Beyer, Goldstein, Ramakrishnan, Shaft: When is "nearest neighbor" meaningful?, ICDT 1999; Stone: Optimal global
rates of convergence for nonparametric regression, Annals of Statistics 10(4), 1982.
"""

from __future__ import annotations

from experiments.ann.curse import contrast, features, nearest, projections
from experiments.ann.curse.setup import Params
from experiments.lab.answers import listing
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, plain_setup


def answer(findings: Findings, rows: Rows) -> str:
    seen, fitted = rows.of(contrast.PART), rows.of(features.PART)
    dims = sorted({row.dim for row in seen})
    own, surface = (contrast.ends(seen, data) for data in ("independent", "surface"))
    fewest = min(row.dim for row in fitted)
    needed = listing(
        f"{samples} with {features.NAMES[model]} (up to {dim})"
        for model, (samples, dim) in features.samples_by_model(fitted).items()
    )
    return (
        f"From {dims[0]} to {dims[-1]} independent coordinates the contrast of distances goes from {own[0]} to "
        f"{own[1]}, in as many coordinates of a curved surface from {surface[0]} to {surface[1]}. From {fewest} "
        f"features to more, the samples for one error go from {needed}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=plain_setup,
    parts=(contrast.PART, nearest.PART, features.PART, projections.PART),
    answer=answer,
    headline=Headline(part=contrast.PART, table=contrast.SHOWN),
)
