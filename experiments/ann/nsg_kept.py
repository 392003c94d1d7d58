"""An index that ann.nsg keeps in a file: built once and written there, later searched without building.

Knows nothing of claims. The file is that of ``NSG.save``, so ``NSG.load`` opens it in any program; the codes of the
fast search are made from it in a second or two.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.ann import nsg_trials as trials
from experiments.foundation.datasets.vector_files import is_path, read_files, read_vectors
from experiments.foundation.datasets.vectors import GENERATED, VECTOR_SETS, VectorData, load_vectors
from experiments.lab.errors import InputError
from experiments.lab.experiment import Artifact, Event, Note, Progress

if TYPE_CHECKING:
    from experiments.ann.core.nsg.index import NSG
    from experiments.ann.core.simd.distance import Floats
    from experiments.ann.nsg import Params

SEED = 0
"""Seed of every kept build: all repetitions have the same index."""


def build_or_search(params: Params, index: str, seed: int) -> Iterator[Event]:
    """Search the file ``index`` where it is there and queries are given, else build it."""
    path = Path(index).expanduser()
    searching = path.exists() and params.queries is not None
    yield from search(params, path, seed) if searching else build(params, path, seed)


def build(params: Params, path: Path, seed: int) -> Iterator[Event]:
    """Index all rows of the data set, write the index, and measure it.

    Builds are equal bit for bit, so a file that holds these vectors under these settings is what would be written: it
    is searched. Any other file is left alone.
    """
    check_place(params, path)
    data = all_rows(params, seed)
    trials.check_sizes(params, len(data.base))
    if path.exists() and not holds(opened(path), params, data):
        raise InputError(
            f"index: {path} exists and holds another index; give queries=FILE to search it, or another path"
        )
    yield Note(data.description)
    if asks_itself(params):
        yield Note("the queries are rows of the base, so each finds itself: give queries=FILE for others")
    if not path.exists():
        built = yield from trials.build(params, checked(data.base, "base"), SEED, metric=data.metric)
        built.save(path)
    yield Progress("open the index", 0, 1)
    index = opened(path)
    yield Note(f"index: {path}, {path.stat().st_size / 2**20:,.1f} MiB, {len(index):,} vectors, {data.metric}")
    yield from measured(params, index, checked(data.queries, "queries"), data.name)


def search(params: Params, path: Path, seed: int) -> Iterator[Event]:
    """Search a kept index: recall and speed on at most ``n_queries`` queries, all neighbors as a file of the record."""
    index = opened(path)
    if params.metric not in (None, index.space.metric):
        raise InputError(f"metric: {path} is built for {index.space.metric}, got {params.metric}; build it again")
    trials.check_sizes(params, len(index))
    queries = queries_in(Path(str(params.queries)).expanduser(), index.space.dim)
    chosen = queries
    if len(queries) > params.n_queries:
        rows = np.random.default_rng(seed).choice(len(queries), params.n_queries, replace=False)
        chosen = queries[np.sort(rows)]
    yield Note(
        f"{path}: {len(index):,} vectors of {index.space.dim} dimensions, {index.space.metric}, built in "
        f"{index.report.seconds:.1f} s; {len(queries):,} queries of {params.queries}, "
        f"recall and speed on {len(chosen):,} of them"
    )
    yield from measured(params, index, chosen, path.name)
    yield Artifact("neighbors.npz", partial(write_neighbors, index, queries, params.k, max(params.search_list_sizes)))


def measured(params: Params, index: NSG, queries: Floats, dataset: str) -> Iterator[Event]:
    """Search with every list, against the exact neighbors among the index's own vectors."""
    from experiments.ann.core.rivals.trial import Workload

    yield Progress("exact neighbors", 0, 1)
    load = Workload.of_index(index, queries, params.k, params.search_threads)
    yield from trials.sweep_ours(params, load, index, dataset)


def check_place(params: Params, path: Path) -> None:
    """Refuse, before anything is built, what cannot be written, and a search in a file that is not there."""
    if not path.exists() and params.queries is not None and params.dataset in VECTOR_SETS:
        raise InputError(f"index: no file {path} to search; build it with dataset=FILE index={path}")
    if not path.parent.is_dir():
        raise InputError(f"index: expected a path in a folder that exists, got {path}; make {path.parent} first")


def all_rows(params: Params, seed: int) -> VectorData:
    """The data set with every row that it has; a lone file's queries are some of its rows, which stay in the base."""
    generated = params.dataset in GENERATED
    return load_vectors(
        params.dataset,
        n=params.n if generated else None,
        n_queries=params.n_queries,
        dim=params.dim,
        intrinsic_dim=params.intrinsic_dim,
        seed=SEED if generated else seed,
        queries=params.dataset if asks_itself(params) else params.queries,
        metric=params.metric,
    )


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


def holds(index: NSG, params: Params, data: VectorData) -> bool:
    """Whether an index has these vectors and settings."""
    from experiments.ann.core.simd.distance import MetricSpace
    from experiments.ann.core.simd.vector import padded

    base = checked(data.base, "base")
    space = MetricSpace.of_base(base, data.metric)
    if index.settings != trials.settings_of(params, SEED, metric=data.metric) or index.space.dim != space.dim:
        return False
    return np.array_equal(index.base, padded(space.place_base(base)))


def queries_in(path: Path, dim: int) -> Floats:
    """The queries of a file (m, dim)."""
    if not path.is_file():
        raise InputError(f"queries: no file {path}")
    return checked(read_vectors(path), f"queries: {path.name}", dim)


def checked(vectors: np.ndarray, what: str, dim: int | None = None) -> Floats:
    """Vectors as float32; InputError where they cannot be searched for."""
    from experiments.ann.core.simd.distance import checked_vectors

    try:
        return checked_vectors(vectors, what, dim)
    except ValueError as fault:
        raise InputError(str(fault)) from fault


def write_neighbors(index: NSG, queries: Floats, k: int, size: int, path: Path) -> None:
    """Write ids and distances (m, k), in the metric's terms, found with a list of ``size``."""
    ids, distances = index.search(queries, k, size)
    with path.open("wb") as file:  # given a path, numpy would lengthen its name
        np.savez(file, ids=ids, distances=distances)
