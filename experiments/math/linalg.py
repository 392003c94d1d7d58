"""When does a larger dot product mean more similar, and which rules of vector and matrix products hold as taught?

The laws are tried on random vectors and matrices, shapes exhaustively; similarity is tried on vectors of equal and
unequal length.

Notes: scalars to tensors, dot, elementwise and matrix product (002:35-63); similarity and shape rules (004:63-68).
Source: Strang: Introduction to Linear Algebra, 5th edition, 2016, chapters 1 and 2; documentation of torch.matmul.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.foundation.statements.instances import judge_instances, select
from experiments.lab.experiment import CHECKED, Event, Experiment, Note, Table
from experiments.lab.judge.claims import Claim, Comparison, conditional, fact, proportion
from experiments.math.instances import InstanceRow, row_of

if TYPE_CHECKING:
    import numpy as np

    from experiments.math.core.similarity import Floats

NAN = float("nan")
Vectors = Literal["gauss", "lognormal_norm", "digits", "digits_centered", "digits_unit"]


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    vectors: tuple[Vectors, ...] = ("gauss", "lognormal_norm", "digits", "digits_centered", "digits_unit")
    """Sets of vectors for similarity: Gaussian; Gaussian with lognormal lengths; images of digits raw, centered,
    of length 1.
    """
    n: Annotated[int, Field(ge=2, le=20_000)] = 200
    """Vectors in a set; of the digits at most the 1797 that there are."""
    dim: Annotated[int, Field(ge=2, le=4096)] = 64
    """Entries of a generated vector; the digits have 64."""
    trials: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Random instances of every law."""
    largest_shape: Annotated[int, Field(ge=2, le=12)] = 4
    """Shape rules are tried on all pairs of matrices up to this size."""


@dataclass(frozen=True, kw_only=True)
class Row(InstanceRow):
    successes: int = 0
    """Vectors of the set for which the statement is true."""
    count: int = 0
    """Vectors of the set."""
    share: float = NAN
    """successes / count."""
    rank_correlation: float = NAN
    """Spearman correlation of dot product and minus distance over random pairs."""


def run(params: Params, seed: int) -> Iterator[Event]:
    import numpy as np

    from experiments.math.core import products, similarity

    rng = np.random.default_rng(seed)
    yield from _dimension_rows()
    for tried in (*products.shape_trials(params.largest_shape), *products.other_shape_trials()):
        yield row_of(Row, tried)
    for trial in range(params.trials):
        laws = (
            products.dot_trials(rng, params.dim),
            products.elementwise_trials(rng, 6),
            products.matrix_trials(rng, 6),
        )
        for tried in (tried for law in laws for tried in law):
            yield row_of(Row, tried, trial)
    yield Note(_misleading_pair())
    for name in params.vectors:
        vectors = _vectors(name, params, np.random.default_rng(seed))
        yield _share("own best match", name, similarity.own_best_match(vectors))
        correlation = similarity.agreement(vectors, 20_000, np.random.default_rng(seed))
        yield _share("same nearest as cosine", name, similarity.same_nearest(vectors), correlation)


def _dimension_rows() -> Iterator[Row]:
    """The number of dimensions that numpy gives a scalar, a vector, a matrix and a cube; the error is its distance
    to 0..3.
    """
    import numpy as np

    arrays = {"scalar": np.array(3.0), "vector": np.ones(3), "matrix": np.ones((3, 1)), "cube": np.ones((2, 3, 4))}
    for expected, (case, array) in enumerate(arrays.items()):
        control = abs(array.shape[0] - expected) if array.ndim else 1  # reading the first size as the dimension
        yield Row(part="dimensions", case=case, error=float(array.ndim != expected), control_error=float(control))


def _misleading_pair() -> str:
    from experiments.math.core.similarity import misleading_pair

    a, b = misleading_pair()
    own, other = a[0] ** 2 + a[1] ** 2, a[0] * b[0] + a[1] * b[1]
    return f"Smallest pair that misleads: a = {a} and b = {b} point apart, yet a.b = {other} > a.a = {own}."


def _vectors(name: Vectors, params: Params, rng: np.random.Generator) -> Floats:
    """A set of vectors (n, dim) in float64."""
    import numpy as np
    from sklearn.datasets import load_digits

    from experiments.math.core.similarity import unit_rows

    if name in ("gauss", "lognormal_norm"):
        vectors = rng.standard_normal((params.n, params.dim))
        lengths = rng.lognormal(0.0, 1.0, (params.n, 1))
        return vectors if name == "gauss" else unit_rows(vectors) * lengths
    images = np.asarray(load_digits().data, dtype=np.float64)
    chosen = images[rng.permutation(len(images))[: params.n]]
    if name == "digits_centered":
        return chosen - chosen.mean(axis=0)
    return unit_rows(chosen) if name == "digits_unit" else chosen


def _share(part: str, name: str, true: np.ndarray[tuple[int], np.dtype[np.bool_]], correlation: float = NAN) -> Row:
    successes, count = int(true.sum()), len(true)
    share = successes / count
    return Row(part=part, case=name, successes=successes, count=count, share=share, rank_correlation=correlation)


def dimensions_count_the_axes(rows: Sequence[Row]) -> Comparison:
    """Wrong answers over scalar, vector, matrix and cube, and right ones when the first size is read instead."""
    tried = select(rows, "dimensions")
    return fact(sum(row.error for row in tried), 0.0)


def dot_product_measures_length_and_angle(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "dot"), 1e-12)


def elementwise_product_commutes_and_masks(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "elementwise"))


def matrix_product_needs_equal_inner_sizes(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "shape", "2-D by 2-D"))


def shape_rule_covers_torch_matmul(rows: Sequence[Row]) -> Comparison:
    cases = dict.fromkeys(row.case for row in select(rows, "shape"))
    return conditional({case: judge_instances(select(rows, "shape", case)) for case in cases})


def matrix_product_is_composition(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "matrix"))


def vectors_are_their_own_best_match(rows: Sequence[Row]) -> Comparison:
    return _shares(rows, "own best match")


def larger_dot_product_means_more_similar(rows: Sequence[Row]) -> Comparison:
    return _shares(rows, "same nearest as cosine")


def _shares(rows: Sequence[Row], part: str) -> Comparison:
    """Over the first seed alone: the seeds draw from the same 1797 digits, so their vectors are not independent
    trials.
    """
    first = [row for row in select(rows, part) if row.seed == rows[0].seed]
    return conditional({row.case: proportion(row.successes, row.count, at_least=0.99) for row in first})


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement=(
                "A scalar has 0 dimensions, a vector 1, a matrix 2 and a cube of numbers 3, whatever their sizes."
            ),
            notes="Scalars to tensors (002:35-42)",
            kind="fact",
            rule="numpy's ndim is 0, 1, 2 and 3: no wrong answer.",
            predicted="holds",
            judge=dimensions_count_the_axes,
        ),
        Claim(
            statement="The dot product is the sum of products and |a| |b| cos, is bilinear, and never exceeds |a| |b|.",
            notes="Dot product (002:43-50)",
            kind="theorem",
            rule=(
                "Relative error <= 1e-12 on all instances, 0 on exact fractions; lengths by sums of magnitudes "
                "must fail."
            ),
            predicted="holds",
            judge=dot_product_measures_length_and_angle,
        ),
        Claim(
            statement=(
                "The elementwise product commutes, and multiplying by a 0/1 mask keeps exactly the selected pixels."
            ),
            notes="Elementwise product (002:51-54)",
            kind="theorem",
            rule="No differing entry on all whole-number instances; the matrix product in its place must differ.",
            predicted="holds",
            judge=elementwise_product_commutes_and_masks,
        ),
        Claim(
            statement="A (m, n) times B (p, q) exists exactly if n = p, and then has the shape (m, q).",
            notes="Shape rules of the matrix product (004:66-68)",
            kind="theorem",
            rule="True for all four sizes up to the largest; the elementwise product in its place must differ.",
            predicted="holds",
            judge=matrix_product_needs_equal_inner_sizes,
        ),
        Claim(
            statement="Two tensors can be multiplied only if the first has as many columns as the second has rows.",
            notes="Shape rules of the matrix product (004:66)",
            kind="conditional",
            rule="Per number of dimensions: torch.matmul accepts and shapes exactly what the 2-D rule says.",
            predicted="conditional",
            judge=shape_rule_covers_torch_matmul,
        ),
        Claim(
            statement="Multiplying matrices composes linear maps: (AB)x = A(Bx); the order matters.",
            notes="Matrix product (002:55-63)",
            kind="theorem",
            rule="Exactly equal on all whole-number instances; AB = BA must fail.",
            predicted="holds",
            judge=matrix_product_is_composition,
        ),
        Claim(
            statement="A vector's largest dot product is with itself.",
            notes="The more similar, the larger the dot product (004:64)",
            kind="conditional",
            rule="Per set of vectors, first seed: true for at least 99 % of them (Clopper-Pearson).",
            predicted="conditional",
            judge=vectors_are_their_own_best_match,
        ),
        Claim(
            statement="The vector of largest dot product is the one at the smallest angle.",
            notes="The more similar, the larger the dot product (004:64)",
            kind="conditional",
            rule=(
                "Per set of vectors, first seed: dot product and cosine name the same nearest for at least 99 % of "
                "them."
            ),
            predicted="conditional",
            judge=larger_dot_product_means_more_similar,
        ),
    ),
    tables=(
        Table(
            title="Similarity by dot product",
            by=("part", "case"),
            columns=("share", "rank_correlation"),
            where=lambda row: row.count > 0,
        ),
        Table(
            title="Laws and their controls",
            by=("part", "case"),
            columns=("error", "control_error"),
            where=lambda row: row.count == 0,
        ),
    ),
)
