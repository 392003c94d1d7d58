"""Whether exact methods give the same distances, and how much of the data an exact k-d tree looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.ann.frontier.setup import Vectors
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Theorem

if TYPE_CHECKING:
    from experiments.ann.core.simd.distance import Floats

ONE_LEAF = "k-d tree, one leaf"


@observation
class AgreementRow(Row):
    """One method beside a scan in float64."""

    dataset: str
    method: str
    n: int
    dim: int
    distance_error: float
    """Largest relative difference of a returned distance from the exact one."""


@observation
class TreeRow(Row):
    """The exact k-d tree in one dimension."""

    dataset: str
    n: int
    dim: int
    visited_fraction: float
    """Share of the vectors that it measures."""


def agreement(vectors: Vectors) -> Iterator[AgreementRow]:
    from experiments.ann.core.rivals.measuring import one_thread

    base, params = vectors.base, vectors.params
    with one_thread():
        errors = distance_errors(base, vectors.queries, min(params.k, len(base)), params.leaf_size)
    for method, error in errors.items():
        yield AgreementRow(dataset=vectors.dataset, method=method, n=len(base), dim=base.shape[1], distance_error=error)


def distance_errors(base: Floats, queries: Floats, k: int, leaf_size: int) -> dict[str, float]:
    """Largest relative error of the k nearest distances of exact methods, and of a k-d tree that opens one leaf.

    The reference is a scan in float64 by differences. Distances of faiss's scan are measured again from its ids,
    because its own come from the expanded square, which cancels. Infinite where a method finds fewer than k.
    """
    import faiss
    import numpy as np
    from scipy.spatial import cKDTree

    from experiments.ann.core.exact.exact import distances_of, exact_neighbors
    from experiments.ann.core.exact.kdtree import build_tree, search_tree
    from experiments.ann.core.theory.proximity import squared_distances

    exact = np.sort(squared_distances(queries.astype(np.float64), base.astype(np.float64)), axis=1)[:, :k]
    tree, flat = build_tree(base, leaf_size), faiss.IndexFlatL2(base.shape[1])
    flat.add(base)
    answers = {
        "faiss Flat": np.sort(distances_of(base, queries, flat.search(queries, k)[1]), axis=1),
        "our scan": exact_neighbors(base, queries, k, threads=1)[1],
        "our k-d tree": search_tree(tree, queries, k).squared,
        "scipy k-d tree": np.asarray(cKDTree(base).query(queries, k=[*range(1, k + 1)])[0]) ** 2,
        ONE_LEAF: search_tree(tree, queries, k, 1).squared,
    }
    lengths = np.sqrt(np.maximum(exact, np.finfo(np.float32).tiny))
    return {name: float((np.abs(np.sqrt(found) - np.sqrt(exact)) / lengths).max()) for name, found in answers.items()}


def tree_visits(vectors: Vectors) -> Iterator[TreeRow]:
    """Over uniform vectors, drawn anew for every dimension."""
    import numpy as np

    from experiments.ann.core.exact.kdtree import build_tree, search_tree

    params = vectors.params
    for dim in params.tree_dims:
        rng = np.random.default_rng((vectors.seed, dim))
        drawn = rng.random((params.n + params.n_queries, dim), dtype=np.float32)
        answer = search_tree(build_tree(drawn[: params.n], params.leaf_size), drawn[params.n :], params.k)
        share = float(answer.points_measured.mean()) / params.n
        yield TreeRow(dataset="uniform", n=params.n, dim=dim, visited_fraction=share)


def differences(rows: Sequence[AgreementRow]) -> Instances:
    """Errors of exact methods; the control opens one leaf only."""
    return Instances(
        errors=[row.distance_error for row in rows if row.method != ONE_LEAF],
        control=[row.distance_error for row in rows if row.method == ONE_LEAF],
    )


def half_over_visited(rows: Sequence[TreeRow]) -> Mapping[str, Pairs]:
    """Per dimension: a half, and the share that was visited."""
    visited = {dim: by_seed(rows, "visited_fraction", dim=dim) for dim in sorted({row.dim for row in rows})}
    return {f"{dim} dimensions": Pairs(dict.fromkeys(shares, 0.5), shares) for dim, shares in visited.items()}


AGREEMENT = Part(
    name="exact",
    row=AgreementRow,
    run=agreement,
    claims=(
        Claim(
            "exact_methods_agree",
            statement="Exact methods return the same distances: two scans and two k-d trees.",
            rule=Theorem(
                "relative difference of every distance from a scan in float64",
                control="a k-d tree that opens one leaf",
                tolerance=1e-5,
            ),
            measure=differences,
            topic="the KNN problem: exact methods",
            predicted="holds",
            source="all four measure every vector that could be among the nearest",
        ),
    ),
    tables=(
        Table(title="Exact methods beside a scan in float64", by=("dataset", "method"), columns=("distance_error",)),
    ),
)

TREE = Part(
    name="tree",
    row=TreeRow,
    run=tree_visits,
    claims=(
        Claim(
            "tree_measures_less_than_half",
            statement="An exact k-d tree measures fewer than half of the vectors.",
            rule=Each(Effect("0.5 - visited share of uniform vectors", delta=0.0), per="dimension"),
            measure=half_over_visited,
            topic="classes of algorithms: trees",
            predicted={
                "2 dimensions": "holds",
                "4 dimensions": "holds",
                "8 dimensions": "holds",
                "16 dimensions": "refuted",
                "32 dimensions": "refuted",
            },
            source="pilot",
        ),
    ),
    tables=(Table(title="Exact k-d tree by dimension", by=("dim", "n"), columns=("visited_fraction",)),),
)
