"""What the dot product calls most similar, on sets of vectors of equal and of unequal length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from experiments.lab.experiment import Event, Note, Part, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Trials
from experiments.lab.judge.rules import Each, Proportion
from experiments.math.core import similarity
from experiments.math.linalg.setup import SETS, LinalgSetup, Params, Vectors

PAIRS = 20_000
"""Random pairs of vectors for a rank correlation."""


@observation
class SetRow(Row):
    """One set of vectors."""

    vectors: str
    count: int
    own_best: int
    """Vectors whose largest dot product is the one with themselves."""
    own_best_share: float
    same_nearest: int
    """Vectors for which dot product and cosine name the same most similar other one."""
    same_nearest_share: float
    rank_correlation: float
    """Spearman's, of dot product and minus distance over random pairs."""


def run(setup: LinalgSetup) -> Iterator[Event]:
    a, b = similarity.misleading_pair()
    yield Note(
        f"Smallest pair that misleads: a = {a} and b = {b} point apart, "
        f"yet a.b = {np.dot(a, b)} > a.a = {np.dot(a, a)}."
    )
    for name in setup.params.vectors:
        vectors = draw(name, setup.params, np.random.default_rng(setup.seed))
        own, same = similarity.own_best_match(vectors), similarity.same_nearest(vectors)
        yield SetRow(
            vectors=name,
            count=len(vectors),
            own_best=int(own.sum()),
            own_best_share=float(own.mean()),
            same_nearest=int(same.sum()),
            same_nearest_share=float(same.mean()),
            rank_correlation=similarity.agreement(vectors, PAIRS, np.random.default_rng(setup.seed)),
        )


def draw(name: Vectors, params: Params, rng: np.random.Generator) -> similarity.Floats:
    """A set of vectors (n, dim) in float64."""
    from sklearn.datasets import load_digits

    if name in ("gauss", "lognormal_norm"):
        vectors = rng.standard_normal((params.n, params.dim))
        lengths = rng.lognormal(0.0, 1.0, (params.n, 1))
        return vectors if name == "gauss" else similarity.unit_rows(vectors) * lengths
    images = np.asarray(load_digits().data, dtype=np.float64)
    chosen = images[rng.permutation(len(images))[: params.n]]
    if name == "digits_centered":
        return chosen - chosen.mean(axis=0)
    return similarity.unit_rows(chosen) if name == "digits_unit" else chosen


def vectors_with(column: str) -> Callable[[Sequence[SetRow]], Mapping[str, Trials]]:
    """Per set, of how many vectors it is true, by seed; those of digits are drawn from the same 1,797."""

    def measure(rows: Sequence[SetRow]) -> Mapping[str, Trials]:
        sets = dict.fromkeys(row.vectors for row in rows)
        return {
            name: Trials(
                {row.seed: (getattr(row, column), row.count) for row in kept(rows, {"vectors": name})},
                independent=True,  # every vector is drawn on its own
            )
            for name in sets
        }

    return measure


PART = Part(
    name="similarity",
    row=SetRow,
    run=run,
    claims=(
        Claim(
            "vectors_are_their_own_best_match",
            statement="A vector's largest dot product is with itself.",
            rule=Each(Proportion("vectors of which this is true", at_least=0.99), per="set of vectors"),
            measure=vectors_with("own_best"),
            topic="The more similar, the larger the dot product",
            predicted={**dict.fromkeys(SETS, "refuted"), "gauss": "holds", "digits_unit": "holds"},
            source="pilot",
        ),
        Claim(
            "larger_dot_product_means_more_similar",
            statement="The vector of largest dot product is the one at the smallest angle.",
            rule=Each(Proportion("vectors of which this is true", at_least=0.99), per="set of vectors"),
            measure=vectors_with("same_nearest"),
            topic="The more similar, the larger the dot product",
            predicted={**dict.fromkeys(SETS, "refuted"), "digits_unit": "holds"},
            source="pilot",
        ),
    ),
    tables=(
        Table(
            title="Share of vectors for which the dot product tells what is most similar",
            by=("vectors",),
            columns=("own_best_share", "same_nearest_share", "rank_correlation"),
        ),
    ),
)
