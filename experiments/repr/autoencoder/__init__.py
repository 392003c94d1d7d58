"""What does an autoencoder add to PCA?

What does an autoencoder give beyond PCA: fewer numbers, better features, cleaner images, anomalies found?

Linear autoencoders are compared with PCA to the last digit; others on images that neither has seen, at equal k: error,
classes read off the code, noise removed, classes recognized as strange. ``data=FILE`` compares both on your vectors.

Notes: PCA, autoencoders; unsupervised learning; anomaly detection.

Source: Baldi, Hornik: Neural Networks and Principal Component Analysis, 1989; Hinton, Salakhutdinov: Reducing the
Dimensionality of Data with Neural Networks, 2006; Kunin et al.: Loss Landscapes of Regularized Linear Autoencoders,
2019.
"""

from __future__ import annotations

from experiments.lab.answers import listing, mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Own, Rows
from experiments.repr.autoencoder import anomalies, codes, denoising, errors, linear, outliers
from experiments.repr.autoencoder.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    strange = rows.if_run(outliers.PART)
    if strange and not rows.if_run(codes.PART):
        return advice(rows)
    compared = errors.chosen(rows.of(errors.PART))
    ratios = {row.k: mean(compared, "autoencoder_over_pca", k=row.k) for row in compared}
    said = listing(f"{number(ratio, 2)} with {k} numbers" for k, ratio in sorted(ratios.items()))
    read, k = rows.of(codes.PART), min(ratios)
    bent, flat = (percent(mean(read, "test_accuracy", codes=name, k=k)) for name in ("autoencoder", "PCA"))
    return (
        f"On images it has not seen an autoencoder has {said} times PCA's error; "
        f"from {k} numbers a linear classifier gets {bent} right, from PCA's {flat}."
    )


def advice(rows: Rows) -> str:
    """For vectors of the user's."""
    compared = sorted(errors.chosen(rows.of(errors.PART)), key=lambda row: row.k)
    said = listing(f"{number(row.autoencoder_over_pca)} with {row.k}" for row in compared)
    worth = [row.k for row in compared if row.autoencoder_over_pca < 0.8]
    advised = f"the autoencoder pays with {listing(map(str, worth), 'or')}" if worth else "PCA is enough"
    widest = compared[-1]
    first = [row.row for row in rows.of(outliers.PART)][:3]
    return (
        f"On vectors held out the autoencoder has {said} numbers times PCA's error: {advised}. "
        f"sklearn.decomposition.PCA(n_components={widest.k}) keeps {percent(widest.pca_variance_kept)} of variance. "
        f"Most unusual: rows {listing(map(str, first))}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(linear.PART, errors.PART, codes.PART, denoising.GAUSSIANS, denoising.PART, anomalies.PART, outliers.PART),
    answer=answer,
    own=Own(given=lambda params: params.data is not None, parts=(errors.PART.name, outliers.PART.name)),
    headline=Headline(errors.PART, errors.PART.tables[0]),
)
