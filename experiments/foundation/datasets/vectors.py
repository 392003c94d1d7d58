"""Vectors to search in: generated, bundled, from the data folder, or from the user's files, all in one form.

The metric is a name that travels with the data, and ground truth is kept, never computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.catalog import DATASETS
from experiments.foundation.datasets.choices import GENERATED as GENERATED
from experiments.foundation.datasets.choices import VECTOR_SETS as VECTOR_SETS
from experiments.foundation.datasets.entries import GeneratedVectors, ImageSet, VectorSet
from experiments.foundation.datasets.formats import vector_files
from experiments.foundation.datasets.storage import store
from experiments.foundation.datasets.vector_checks import check_vectors, searchable
from experiments.lab.errors import InputError, meant

Metric = Literal["l2", "cosine", "ip"]


@dataclass(frozen=True, kw_only=True)
class VectorData:
    """Base vectors and queries of one metric space."""

    name: str
    base: NDArray[np.float32] | NDArray[np.uint8]
    """(n, d); uint8 where the source holds bytes, float32 otherwise."""
    queries: NDArray[np.float32] | NDArray[np.uint8]
    """(m, d), of the base's type."""
    ground_truth: NDArray[np.int64] | None
    """(m, k) row numbers in ``base``, nearest first, as the source gives them; None where none fit what was taken."""
    metric: Metric
    description: str
    """One sentence for the record: source, sizes, which rows were taken, what became of the ground truth."""


class _Raw(NamedTuple):
    name: str
    base: NDArray[Any]
    queries: NDArray[Any] | None
    ground_truth: NDArray[Any] | None
    metric: Metric
    source: str


def load_vectors(
    dataset: str,
    *,
    n: int | None,
    n_queries: int | None,
    dim: int,
    intrinsic_dim: int,
    seed: int,
    queries: str | None = None,
    metric: Metric | None = None,
) -> VectorData:
    """Take ``n`` base vectors and ``n_queries`` queries of ``dataset``: at most so many; None takes all there are.

    ``dataset`` is a name of VECTOR_SETS or a path (.fvecs, .bvecs, .npy, .csv, .hdf5, .h5, or a folder of them).
    ``dim`` and ``intrinsic_dim`` shape generated vectors only; ``queries`` is the path of a file of queries for a
    path; ``metric`` overrides the one that the source names (l2 where it names none). Fewer rows than there are, are
    a sample by ``seed`` in the order of the source. A source without queries gives a sample of its rows, a tenth at
    most, which then leave the base. Ground truth is kept only where all its ids are among the rows taken, and the
    metric is the source's.

    Raises InputError for an unknown name, files that are unreadable or do not belong together, and vectors that are NaN
    or infinite.
    """
    entry = DATASETS[dataset] if dataset in VECTOR_SETS else None
    if isinstance(entry, GeneratedVectors):
        return _generate(entry, n, n_queries, dim, intrinsic_dim, seed, metric or "l2")
    rng = np.random.default_rng(seed)
    if entry is None:
        raw = _from_path(dataset, queries)
    elif queries is None:
        raw = _named(cast(ImageSet | VectorSet, entry))
    else:
        raise InputError(f"queries: {dataset} brings its own; give a file of queries only with a file of base vectors.")
    check_vectors(raw.source, raw.base, raw.queries, raw.ground_truth)
    held_out = raw.queries is None
    if held_out:
        raw = _hold_out(raw, n_queries, rng)
    return _take(raw, n, n_queries, metric or raw.metric, seed, rng, held_out)


def _generate(
    entry: GeneratedVectors,
    n: int | None,
    n_queries: int | None,
    dim: int,
    intrinsic_dim: int,
    seed: int,
    metric: Metric,
) -> VectorData:
    if n is None or n_queries is None or min(n, n_queries, dim) < 1:
        raise InputError(f"{entry.name}: generated vectors need n, n_queries and dim of at least 1.")
    points = entry.draw(n + n_queries, dim, intrinsic_dim, np.random.default_rng(seed))
    law = entry.law.format(dim=dim, intrinsic_dim=intrinsic_dim)
    return VectorData(
        name=entry.name,
        base=points[:n],
        queries=points[n:],
        ground_truth=None,
        metric=metric,
        description=f"{law}, seed {seed}: {n} base vectors and {n_queries} queries",
    )


def _named(entry: ImageSet | VectorSet) -> _Raw:
    read = entry.read if isinstance(entry, VectorSet) else entry.as_vectors
    assert read is not None, "names in VECTOR_SETS have a reader"
    files = read(store.files_of(entry.name))
    source = entry.name
    if isinstance(entry, ImageSet):
        source = files.sources if entry.embedded else f"{entry.name}, pixels as bytes"
    return _Raw(entry.name, files.base, files.queries, files.ground_truth, files.metric, source)


def _from_path(dataset: str, queries: str | None) -> _Raw:
    if not vector_files.is_path(dataset):
        raise InputError(f"unknown data set {dataset}: {meant(dataset, VECTOR_SETS)}")
    files = vector_files.read_files(Path(dataset).expanduser())
    if queries is None:
        return _Raw(files.name, files.base, files.queries, files.ground_truth, files.metric, files.sources)
    query_path = Path(queries).expanduser()
    source = f"{Path(dataset).name}, {query_path.name}"
    return _Raw(files.name, files.base, vector_files.read_vectors(query_path), None, files.metric, source)


def _hold_out(raw: _Raw, n_queries: int | None, rng: np.random.Generator) -> _Raw:
    total = len(raw.base)
    if n_queries is None:
        raise InputError(f"{raw.source}: it has no queries of its own; say how many of its {total} rows to hold out.")
    if total < 2:
        raise InputError(f"{raw.source}: expected 2 rows or more, one of them to hold out as a query, got {total}.")
    chosen = np.zeros(total, dtype=np.bool_)
    chosen[rng.choice(total, min(n_queries, max(1, total // 10)), replace=False)] = True
    values = searchable(raw.source, raw.base)  # before the split, so that a fault is told by its row in the source
    return raw._replace(base=values[~chosen], queries=values[chosen])


def _take(
    raw: _Raw, n: int | None, n_queries: int | None, metric: Metric, seed: int, rng: np.random.Generator, held_out: bool
) -> VectorData:
    assert raw.queries is not None
    rows = _sample(len(raw.base), n, rng)
    query_rows = _sample(len(raw.queries), n_queries, rng)
    base = searchable(raw.source, raw.base if rows is None else raw.base[rows], rows)
    queries = searchable(
        f"{raw.source} (queries)", raw.queries if query_rows is None else raw.queries[query_rows], query_rows
    )
    truth = raw.ground_truth if query_rows is None or raw.ground_truth is None else raw.ground_truth[query_rows]
    kept = _renumbered(truth, rows, len(raw.base)) if metric == raw.metric else None
    parts = [f"{raw.source}: {_count(base, raw.base, 'base vectors', rows, seed)}"]
    if held_out:
        parts.append(f"{len(queries)} rows held out by seed {seed} as queries")
    else:
        parts.append(_count(queries, raw.queries, "queries", query_rows, seed))
    if truth is not None:
        parts.append("ground truth of the source" if kept is not None else "ground truth dropped: it does not fit")
    if base.dtype != queries.dtype:
        base, queries = base.astype(np.float32), queries.astype(np.float32)
    return VectorData(
        name=raw.name, base=base, queries=queries, ground_truth=kept, metric=metric, description=", ".join(parts)
    )


def _sample(total: int, wanted: int | None, rng: np.random.Generator) -> NDArray[np.int64] | None:
    """Sorted row numbers, or None for all rows."""
    if wanted is None or wanted >= total:
        return None
    return np.sort(rng.choice(total, wanted, replace=False))


def _renumbered(truth: NDArray[Any] | None, rows: NDArray[np.int64] | None, total: int) -> NDArray[np.int64] | None:
    """Ground truth in the numbering of the rows taken; None where a true neighbor is not among them."""
    if truth is None:
        return None
    ids = np.asarray(truth, dtype=np.int64)
    if rows is None:
        return ids
    place = np.full(total, -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    return place[ids] if (place[ids] >= 0).all() else None


def _count(taken: NDArray[Any], source: NDArray[Any], noun: str, rows: NDArray[np.int64] | None, seed: int) -> str:
    return f"{len(taken)} {noun}" if rows is None else f"{len(taken)} of {len(source)} {noun}, sampled by seed {seed}"
