"""Linear autoencoders beside PCA, on the training images: the error, the plane, and the directions in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Effect, Equivalence, Theorem, Under
from experiments.repr.autoencoder.setup import Vectors

PLAIN, PENALTY = "no penalty", "with a penalty"
MOST_DEGREES = 5.0
READ = 10
"""Updates from one reading of the error to the next."""


@observation
class LinearRow(Row):
    """One linear autoencoder, trained to the end."""

    dataset: str
    arm: str
    """Whether the squares of the weights are penalized."""
    k: int
    error_over_pca: float
    """Mean squared error on the training images, after the last update."""
    least_over_pca: float
    """The least at every tenth of its updates and the last."""
    wider_over_pca: float
    """The error of PCA with one number more, which no autoencoder of k numbers can have."""
    subspace_degrees: float
    """Largest principal angle between the decoder's plane and PCA's."""
    direction_degrees: float
    """Largest angle between a singular vector of the decoder and PCA's direction of the same rank."""
    gap: float
    """Of the variances k and k + 1, over the former: without one, PCA's own plane is not determined."""
    updates: int


def run(vectors: Vectors) -> Iterator[Event]:
    arms = {PLAIN: 0.0, PENALTY: vectors.params.penalty}
    sizes = vectors.params.linear_k
    for done, k in enumerate(sizes):
        for arm, penalty in arms.items():
            yield Progress(f"linear, {arm}", done, len(sizes))
            yield trained(vectors, arm, k, penalty)


def trained(vectors: Vectors, arm: str, k: int, penalty: float) -> LinearRow:
    import scipy

    from experiments.repr.core.linear_autoencoder import train
    from experiments.repr.core.pca import covariance

    pca, spread = vectors.pca(), covariance(vectors.train)
    path = list(train(spread, k, penalty, vectors.params.linear_steps, vectors.seed))
    errors = [network.error(spread) / pca.left_out(k) for network in (*path[::READ], path[-1])]
    plane = pca.directions[:k].T
    return LinearRow(
        dataset=vectors.name,
        arm=arm,
        k=k,
        error_over_pca=errors[-1],
        least_over_pca=min(errors),
        wider_over_pca=pca.left_out(k + 1) / pca.left_out(k),
        subspace_degrees=float(np.degrees(scipy.linalg.subspace_angles(path[-1].decoder, plane)).max()),
        direction_degrees=largest_angle(path[-1].directions, plane),
        gap=float(1 - pca.variances[k] / pca.variances[k - 1]),
        updates=len(path),
    )


def largest_angle(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Degrees between columns (d, k) of the same number that are farthest apart, whatever their sign.

    >>> largest_angle(np.array([[1.0], [0.0]]), np.array([[0.0], [-2.0]]))
    90.0
    """
    cosines = np.abs((first * second).sum(axis=0)) / (np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0))
    return float(np.degrees(np.arccos(np.minimum(cosines, 1.0))).max())


def below_pca(rows: Sequence[LinearRow]) -> Instances:
    return Instances(
        errors=[max(1 - row.least_over_pca, 0.0) for row in rows],
        control=[max(1 - row.wider_over_pca, 0.0) for row in rows],
    )


def reaches_pca(rows: Sequence[LinearRow]) -> Pairs:
    return Pairs.against(by_seed(rows, "error_over_pca", arm=PLAIN), 1.0)


def degrees_left(rows: Sequence[LinearRow]) -> Mapping[str, Pairs]:
    """How far the largest angle stays below 5 degrees."""

    def left(column: str, arm: str) -> Pairs:
        angles = by_seed(rows, column, arm=arm)
        return Pairs(dict.fromkeys(angles, MOST_DEGREES), angles)

    return {
        "the plane": left("subspace_degrees", PLAIN),
        "the directions": left("direction_degrees", PLAIN),
        "the directions, with a penalty": left("direction_degrees", PENALTY),
    }


ANGLE = Effect("5 degrees - the largest angle to PCA", delta=0.0)
PART = Part(
    name="linear",
    row=LinearRow,
    run=run,
    claims=(
        Claim(
            "no_linear_autoencoder_beats_pca",
            statement="No linear autoencoder reconstructs its training images better than PCA of as many numbers.",
            rule=Theorem(
                "the error is never below PCA's, relative to it", control="PCA of one number more", tolerance=1e-9
            ),
            measure=below_pca,
            topic="PCA and autoencoders",
            predicted="holds",
            source="Eckart and Young 1936; Baldi and Hornik 1989",
        ),
        Claim(
            "linear_autoencoder_reaches_pca",
            statement="A linear autoencoder that is trained to the end reconstructs as well as PCA.",
            rule=Equivalence("training error over PCA's", margin=0.01),
            measure=reaches_pca,
            topic="PCA and autoencoders",
            predicted="holds",
            source="Baldi and Hornik 1989: every minimum is a global one",
        ),
        Claim(
            "linear_autoencoder_finds_pca",
            statement="It finds what PCA finds: the same plane, and in it the principal directions.",
            rule=Under(
                {"the plane": ANGLE, "the directions": ANGLE, "the directions, with a penalty": ANGLE},
            ),
            measure=degrees_left,
            topic="PCA and autoencoders",
            predicted={
                "the plane": "holds",
                "the directions": "refuted",
                "the directions, with a penalty": "holds",
            },
            source="Baldi and Hornik 1989; Kunin et al. 2019",
        ),
    ),
    tables=(
        Table(
            "Linear autoencoders beside PCA",
            by=("arm", "k"),
            columns=("error_over_pca", "subspace_degrees", "direction_degrees", "gap", "updates"),
        ),
    ),
)
