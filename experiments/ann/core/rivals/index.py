"""One interface for every index type: built from vectors, searched with an effort, and asked what that cost.

All work by squared Euclidean distance on float32 vectors. The *effort* is what an index type gives for recall: leaves
of a tree, hash tables, lists of vectors, or the length of a graph's candidate list. A new index type is a subclass of
``Index`` and its line in the table of ``__init__``.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

Family = Literal["exact", "tree", "hash", "quantization", "graph"]
Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What indexes are built and searched with; each takes what its kind knows."""

    max_degree: int = 32
    """Most edges of a node of a graph (R). HNSW has as many on its lowest layer, so M is half of it."""
    build_list_size: int = 48
    """Candidate list of the searches that build a graph (L, efConstruction)."""
    knn: int = 64
    """Neighbors per node of the graph that an NSG is built from (K)."""
    candidates: int = 300
    """Nearest candidates per node that the rule of an NSG looks at (C)."""
    approximate_knn: bool | None = None
    """Whether faiss's NSG starts from an approximate neighbor graph; by default from 300,000 vectors on."""
    search_list_sizes: tuple[int, ...] = (10, 20, 40, 80, 160)
    """Efforts of graphs: candidate lists of the searches (search_L, efSearch)."""
    leaf_size: int = 16
    """Most vectors in a leaf of the k-d tree."""
    max_leaves: tuple[int, ...] = (1, 4, 16, 64)
    """Efforts of the k-d tree."""
    lsh_projections: int = 8
    """Projections per hash table."""
    lsh_tables: tuple[int, ...] = (1, 4, 16)
    """Efforts of hashing; as many tables are built as the largest says."""
    k: int = 10
    """Neighbors for which the cells of hashing are sized."""
    nlist: int = 32
    """Lists of IVF."""
    nprobe: tuple[int, ...] = (1, 4, 16)
    """Efforts of IVF: lists that are looked at."""
    pq_subvectors: int = 8
    """Parts of a vector that product quantization quantizes apart."""
    seed: int = 0


class Index(ABC):
    """An index over float32 vectors. Make it with ``of``."""

    name: str
    """As tables show it."""
    family: ClassVar[Family]
    package: ClassVar[str] = ""
    """The module of another library that it needs; empty for our own."""
    takes_bytes: ClassVar[bool] = False
    """Whether vectors of bytes are searched faster as they are than as float32."""
    build_seconds: float = math.nan
    build_cpu_seconds: float = math.nan

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.library: Any = import_module(self.package) if self.package else None

    @classmethod
    def of(cls, base: Floats, settings: Settings, threads: int = 1) -> Self:
        """Build an index of vectors (n, d) on some threads, and time it.

        Raises:
            ImportError: the library is not installed.
            RuntimeError: the library refuses these vectors.
        """
        index = cls(settings)
        index.build_seconds, index.build_cpu_seconds = timed(lambda: index.build(base, threads))
        return index

    @classmethod
    def missing(cls) -> str:
        """Why it cannot be built on this machine; empty where it can."""
        package = cls.package.partition(".")[0]
        return f"{package} is not installed, see the extra peers" if package and find_spec(package) is None else ""

    @abstractmethod
    def build(self, base: Floats, threads: int) -> None:
        """Index vectors (n, d)."""

    @property
    def efforts(self) -> tuple[int, ...]:
        """The efforts of a sweep."""
        return self.settings.search_list_sizes

    @abstractmethod
    def search(self, queries: Floats, k: int, effort: int, threads: int = 1) -> NDArray[np.integer]:
        """Ids (m, k) of near vectors for a batch (m, d), of one query or many; -1 where nothing was found."""

    def one_by_one(self, k: int, effort: int) -> Callable[[Floats], object]:
        """A search for one vector (d,) a call, on one thread, by the quickest way that the library has."""
        return lambda query: self.search(query[None], k, effort, 1)

    def distance_computations(self, queries: Floats, k: int, effort: int, threads: int = 1) -> float:
        """Mean number of vectors that such a search compares with a query over all their coordinates.

        Base vectors, centroids, corners of boxes and projections of hashes count; so does a code, though it costs
        less. NaN where the library counts nothing.
        """
        return math.nan

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Bytes of the index with what it keeps of the vectors."""

    @property
    def degrees(self) -> NDArray[np.int64] | None:
        """Out-degrees (n,) on the lowest layer of a graph; None where there is no graph, or it is not shown."""
        return None


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that a call takes: wall clock, and CPU over all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu
