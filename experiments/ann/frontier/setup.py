"""What ann.frontier can be asked, and the vectors that its parts search in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.ann.core.rivals import INDEXES, IndexName, Settings
from experiments.foundation.datasets.sources import VectorSource
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from experiments.ann.core.rivals.measuring import Workload
    from experiments.ann.core.simd.distance import Floats

METHODS = ("exact", "kdtree", "lsh", "ivf", "ivfpq", "hnsw", "nsg", "nsg_codes")
Mode = Literal["single", "batch"]
MODES: tuple[Mode, ...] = ("single", "batch")
Size = Annotated[int, Field(ge=1)]


@parameters
class Params(VectorSource):
    methods: Annotated[tuple[IndexName, ...], Field(min_length=1)] = METHODS
    """Index types to build; those of other libraries only where they are installed."""
    modes: Annotated[tuple[Mode, ...], Field(min_length=1)] = MODES
    """One call per query, or all queries in one call."""
    n: Annotated[int, Field(ge=100, le=10_000_000)] = 1000
    """Number of base vectors."""
    n_queries: Annotated[int, Field(ge=1, le=100_000)] = 50
    """Number of queries."""
    k: Size = 10
    """Neighbors per query."""
    leaf_size: Annotated[int, Field(ge=1, le=1024)] = 16
    """Most vectors in a leaf of the k-d tree."""
    max_leaves: tuple[Size, ...] = (1, 4, 16, 64)
    """Leaves that the k-d tree opens."""
    lsh_projections: Annotated[int, Field(ge=1, le=64)] = 8
    """Projections per hash table."""
    lsh_tables: tuple[Annotated[int, Field(ge=1, le=256)], ...] = (1, 4, 16)
    """Hash tables that are looked into."""
    nlist: Size = 32
    """Lists of IVF and IVF-PQ."""
    nprobe: tuple[Size, ...] = (1, 4, 16)
    """Lists that are looked at."""
    pq_subvectors: Annotated[int, Field(ge=1, le=256)] = 8
    """Parts of a vector that are quantized apart, with 8 bits each."""
    links: Annotated[int, Field(ge=2, le=128)] = 16
    """M of HNSW; the NSG has at most twice as many edges a node."""
    build_list_size: Size = 100
    """Candidate list of the builds of the graphs."""
    search_list_sizes: tuple[Size, ...] = (10, 40, 160)
    """Candidate lists of the searches on graphs (efSearch, L)."""
    tree_dims: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = (2, 8, 32)
    """Dimensions in which the exact k-d tree is followed, over n uniform vectors."""
    repeats: Annotated[int, Field(ge=1, le=99)] = 1
    """Timed passes over the queries, of which the median counts."""


@dataclass(frozen=True, kw_only=True)
class Vectors(Setup[Params]):
    """The data as they are given, and placed in a Euclidean space with the same neighbors."""

    dataset: str
    given: Floats
    asked: Floats
    base: Floats
    queries: Floats

    @property
    def methods(self) -> list[str]:
        """The wanted index types that can be built here."""
        return [name for name in self.params.methods if not INDEXES[name].missing()]

    @property
    def settings(self) -> Settings:
        """What every index type is built with: graphs of equal degree, an NSG from twice as many neighbors."""
        params = self.params
        return Settings(
            max_degree=2 * params.links,
            knn=4 * params.links,
            build_list_size=params.build_list_size,
            search_list_sizes=params.search_list_sizes,
            leaf_size=params.leaf_size,
            max_leaves=params.max_leaves,
            lsh_projections=params.lsh_projections,
            lsh_tables=params.lsh_tables,
            k=params.k,
            nlist=params.nlist,
            nprobe=params.nprobe,
            pq_subvectors=params.pq_subvectors,
            seed=self.seed,
        )

    @cached_property
    def load(self) -> Workload:
        """The placed vectors with their true neighbors."""
        from experiments.ann.core.rivals.measuring import Workload

        return Workload.of(self.base, self.queries, self.params.k, threads=1)


def prepare(params: Params, seed: int) -> Vectors:
    from experiments.ann.core.simd.inputs import checked_vectors
    from experiments.ann.core.simd.metric_space import MetricSpace

    missing = [f"{name} ({reason})" for name in params.methods if (reason := INDEXES[name].missing())]
    if len(missing) == len(params.methods):
        raise InputError(f"methods: none can be built here: {', '.join(missing)}; add exact, ivf, hnsw or nsg")
    data = params.load(seed)
    given, asked = checked_vectors(data.base, "base"), checked_vectors(data.queries, "queries")
    space = MetricSpace.of_base(given, data.metric)
    left_out = "; left out: " + ", ".join(missing) if missing else ""
    return Vectors(
        params=params,
        seed=seed,
        notes=(f"{data.description}; {data.metric}, one thread{left_out}",),
        dataset=data.name,
        given=given,
        asked=asked,
        base=space.place_base(given),
        queries=space.place_queries(asked),
    )
