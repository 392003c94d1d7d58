"""Are data curved surfaces?

Are data curved surfaces of few dimensions, and what can a linear map not do with them?

Surfaces whose distances are known in closed form are laid out flat by PCA, Isomap and an autoencoder; their dimensions
are estimated; a digit is turned, so that images of 784 pixels depend on one angle.

Notes: manifolds; linear and nonlinear dimension reduction.

Source: Tenenbaum, de Silva, Langford: A Global Geometric Framework for Nonlinear Dimensionality Reduction, 2000;
Levina, Bickel: Maximum Likelihood Estimation of Intrinsic Dimension, 2004.
"""

from __future__ import annotations

from experiments.lab.answers import mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Rows
from experiments.repr.manifold import dimensions, laws, rotations, surfaces
from experiments.repr.manifold.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    laid, turned = rows.of(surfaces.PART), rows.of(rotations.PART)
    isomap, pca = (
        number(mean(laid, "geodesic_correlation", surface=surfaces.ROLL, method=name))
        for name in (surfaces.ISOMAP, surfaces.PCA_ARM)
    )
    most = max(row.degrees for row in turned)
    return (
        f"Distances along the Swiss roll correlate with those in Isomap's layout by {isomap}, in PCA's by {pca}. "
        f"A digit turned through {most} degrees needs {number(mean(turned, 'components', degrees=most))} principal "
        f"components, and its neighbors show {number(mean(turned, 'levina_bickel', degrees=most))} dimensions."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, surfaces.PART, dimensions.PART, rotations.PART),
    answer=answer,
    headline=Headline(surfaces.PART, surfaces.PART.tables[0], pick=surfaces.headline),
)
