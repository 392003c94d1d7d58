"""An index that is kept in a file: built once and written there, later searched without building.

The file is that of ``NSG.save``, so ``NSG.load`` opens it in any program; the codes of the fast search are made from it
in a second or two.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.ann.nsg.setup import Params, Vectors, check_sizes
from experiments.foundation.datasets.choices import VECTOR_SETS
from experiments.foundation.datasets.formats.vector_files import is_path, read_files, read_vectors
from experiments.lab.errors import InputError
from experiments.lab.experiment import Artifact, Event, Note, Progress

if TYPE_CHECKING:
    from experiments.ann.core.nsg.index import NSG
    from experiments.ann.core.rivals.measuring import Workload
    from experiments.ann.core.simd.distance import Floats
    from experiments.foundation.datasets.vectors import VectorData

SEED = 0
"""Seed of every kept build: all repetitions have the same index."""


@dataclass(frozen=True)
class Found:
    """An index to be measured."""

    index: NSG
    load: Workload
    dataset: str
    metric: str
    neighbors: Artifact | None = None
    """The neighbors of all queries, where the user gave a file of them."""


def find(vectors: Vectors, file: str) -> Generator[Event, None, Found]:
    """Open the index in a file where queries are given, else build it."""
    path = Path(file).expanduser()
    searching = path.exists() and vectors.params.queries is not None
    return (yield from search(vectors, path) if searching else build(vectors, path))


def build(vectors: Vectors, path: Path) -> Generator[Event, None, Found]:
    """Index all rows of the data set, and write the index.

    Builds are equal bit for bit, so a file that holds these vectors under these settings is what would be written: it
    is searched. Any other file is left alone.
    """
    params = vectors.params
    check_place(params, path)
    seed = SEED if params.is_generated else vectors.seed
    data = params.load_all(seed, params.dataset if asks_itself(params) else None)
    check_sizes(params, len(data.base))
    if path.exists() and not holds(opened(path), vectors, data):
        raise InputError(
            f"index: {path} exists and holds another index; give queries=FILE to search it, or another path"
        )
    yield Note(data.description)
    if asks_itself(params):
        yield Note("the queries are rows of the base, so each finds itself: give queries=FILE for others")
    if not path.exists():
        settings = vectors.settings(seed=SEED, metric=data.metric)
        built = yield from vectors.build(checked(data.base, "base"), settings)
        built.save(path)
    yield Progress("open the index", 0, 1)
    index = opened(path)
    size = path.stat().st_size / 2**20
    yield Note(
        f"index: {path}, {size:,.1f} MiB, {len(index):,} vectors, {data.metric}; NSG.load({str(path)!r}) opens it"
    )
    yield Progress("exact neighbors", 0, 1)
    return Found(index, workload(params, index, checked(data.queries, "queries")), data.name, data.metric)


def search(vectors: Vectors, path: Path) -> Generator[Event, None, Found]:
    """Open a kept index, to be measured on at most ``n_queries`` queries."""
    params, index = vectors.params, opened(path)
    if params.metric not in (None, index.space.metric):
        raise InputError(f"metric: {path} is built for {index.space.metric}, got {params.metric}; build it again")
    check_sizes(params, len(index))
    queries = queries_in(Path(str(params.queries)).expanduser(), index.space.dim)
    chosen = queries
    if len(queries) > params.n_queries:
        rows = np.random.default_rng(vectors.seed).choice(len(queries), params.n_queries, replace=False)
        chosen = queries[np.sort(rows)]
    yield Note(
        f"{path}: {len(index):,} vectors of {index.space.dim} dimensions, {index.space.metric}, built in "
        f"{index.report.seconds:.1f} s; {len(queries):,} queries of {params.queries}, "
        f"recall and speed on {len(chosen):,} of them"
    )
    yield Progress("exact neighbors", 0, 1)
    write = partial(write_neighbors, index, queries, params.k, max(params.search_list_sizes))
    kept_neighbors = Artifact("neighbors.npz", write)
    return Found(index, workload(params, index, chosen), path.name, index.space.metric, kept_neighbors)


def workload(params: Params, index: NSG, queries: Floats) -> Workload:
    """The exact neighbors of queries (m, d), in the terms of the index's metric, among the index's own vectors."""
    from experiments.ann.core.rivals.measuring import Workload
    from experiments.ann.core.simd.vector import padded

    placed = padded(index.space.place_queries(queries))
    return replace(Workload.of(index.base, placed, params.k, params.search_threads), asked=queries)


def check_place(params: Params, path: Path) -> None:
    """Refuse, before anything is built, what cannot be written, and a search in a file that is not there."""
    if not path.exists() and params.queries is not None and params.dataset in VECTOR_SETS:
        raise InputError(f"index: no file {path} to search; build it with dataset=FILE index={path}")
    if not path.parent.is_dir():
        raise InputError(f"index: expected a path in a folder that exists, got {path}; make {path.parent} first")


def asks_itself(params: Params) -> bool:
    """Whether the data set is a file that comes without queries, and none are given."""
    path = Path(params.dataset).expanduser()
    lone = params.queries is None and is_path(params.dataset) and path.is_file()
    return lone and read_files(path).queries is None


def opened(path: Path) -> NSG:
    """The index in a file.

    Raises:
        InputError: it is not an index, of another version, or damaged.
    """
    from experiments.ann.core.nsg.index import NSG

    try:
        return NSG.load(path)
    except (OSError, ValueError) as fault:
        raise InputError(f"index: {fault}") from fault


def holds(index: NSG, vectors: Vectors, data: VectorData) -> bool:
    """Whether an index has these vectors and settings."""
    from experiments.ann.core.simd.metric_space import MetricSpace
    from experiments.ann.core.simd.vector import padded

    base = checked(data.base, "base")
    space = MetricSpace.of_base(base, data.metric)
    if index.settings != vectors.settings(seed=SEED, metric=data.metric) or index.space.dim != space.dim:
        return False
    return np.array_equal(index.base, padded(space.place_base(base)))


def queries_in(path: Path, dim: int) -> Floats:
    """The queries of a file (m, dim)."""
    if not path.is_file():
        raise InputError(f"queries: no file {path}")
    return checked(read_vectors(path), f"queries: {path.name}", dim)


def checked(vectors: np.ndarray, what: str, dim: int | None = None) -> Floats:
    """Vectors as float32; InputError where they cannot be searched for."""
    from experiments.ann.core.simd.inputs import checked_vectors

    try:
        return checked_vectors(vectors, what, dim)
    except ValueError as fault:
        raise InputError(str(fault)) from fault


def write_neighbors(index: NSG, queries: Floats, k: int, size: int, path: Path) -> None:
    """Write ids and distances (m, k), in the metric's terms, found with a list of ``size``."""
    ids, distances = index.search(queries, k, size)
    with path.open("wb") as file:  # given a path, numpy would lengthen its name
        np.savez(file, ids=ids, distances=distances)
