"""What ann.nsg can be asked, and the vectors that its parts build and search."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import numpy as np
from pydantic import Field

from experiments.ann.core.rivals import IndexName
from experiments.foundation.datasets.formats.vector_files import is_path
from experiments.foundation.datasets.sources import VectorSource
from experiments.lab.errors import InputError
from experiments.lab.experiment import Progress, Row, Setup, parameters
from experiments.lab.judge.measured import NotRunError

if TYPE_CHECKING:
    from experiments.ann.core.nsg.construction.building import BuildSettings
    from experiments.ann.core.nsg.index import NSG
    from experiments.ann.core.rivals.measuring import Workload
    from experiments.ann.core.simd.distance import Floats

Size = Annotated[int, Field(ge=1)]
R = TypeVar("R", bound=Row)


@parameters
class Params(VectorSource):
    index: str | None = None
    """File that keeps an index. With a file of ``queries``, the index in it is searched; otherwise all rows of
    ``dataset``, or n generated ones, are indexed and written there. Only ours is measured then, by the part search.
    """
    peers: Annotated[tuple[IndexName, ...], Field(min_length=0)] = ("faiss_nsg", "hnsw", "exact")
    """Index types that are built and searched beside ours, with the same degree and list sizes."""
    k: Size = 10
    """Neighbors per query."""
    knn: Size = 40
    """Neighbors per node of the nearest neighbor graph that NSG is built from."""
    neighbors: Literal["auto", "exact", "grouped"] = "auto"
    """How that graph is found: exactly, or in groups; a cost model chooses, from about 300,000 vectors on groups."""
    search_list_size: Size = 40
    """Candidate list of the searches that collect candidates (L)."""
    max_degree: Annotated[int, Field(ge=1, le=256)] = 32
    """Largest out-degree (R)."""
    candidates: Size = 200
    """Nearest candidates per node that the pruning rule looks at (C)."""
    repair: bool = True
    """Whether nodes that the navigating node does not reach are attached."""
    search_list_sizes: tuple[Size, ...] = (10, 20, 40, 80, 160)
    """Candidate lists of the searches that are measured."""
    threads: Annotated[int, Field(ge=1, le=256)] | None = None
    """Threads of every build; all usable cores by default. They change times, never results."""
    search_threads: Annotated[int, Field(ge=1, le=256)] = 1
    """Threads of every search, ours and others', each called with all queries at once."""

    @property
    def is_own(self) -> bool:
        """Whether vectors or queries are a file of the user's, all of which is indexed or searched, once."""
        return is_path(self.dataset) or (self.index is not None and self.queries is not None)


NONE = np.empty((0, 0), np.float32)


@dataclass(frozen=True, kw_only=True)
class Vectors(Setup[Params]):
    """The data, placed in a Euclidean space with the same neighbors; none with ``index``, which brings its own."""

    dataset: str = ""
    metric: str = "l2"
    base: Floats = field(default_factory=lambda: NONE)
    queries: Floats = field(default_factory=lambda: NONE)

    def sizes(self, n: int) -> tuple[int, ...]:
        """Candidate lists to search ``n`` vectors with: for the user's own ones as many as it takes."""
        from experiments.ann.core.nsg.recommending import list_sizes

        if not self.params.is_own:
            return self.params.search_list_sizes
        return tuple(list_sizes(self.params.k, n))

    @cached_property
    def load(self) -> Workload:
        """The vectors with their true neighbors."""
        from experiments.ann.core.rivals.measuring import Workload

        return Workload.of(self.base, self.queries, self.params.k, self.params.search_threads)

    def settings(self, **changes: object) -> BuildSettings:
        """What an NSG is built with."""
        from experiments.ann.core.nsg.construction.building import BuildSettings

        params = self.params
        usual: dict[str, object] = {
            "knn": params.knn,
            "search_list_size": params.search_list_size,
            "max_degree": params.max_degree,
            "candidates": params.candidates,
            "repair": params.repair,
            "neighbors": params.neighbors,
            "seed": self.seed,
        }
        return BuildSettings(**usual | changes)  # type: ignore[arg-type]

    def build(self, base: Floats, settings: BuildSettings) -> Generator[Progress, None, NSG]:
        """Build an NSG and pass its progress on."""
        from experiments.ann.core.nsg.index import NSG

        building = NSG.build_steps(base, settings, threads=self.params.threads)
        while True:
            try:
                step = next(building)
            except StopIteration as end:
                return end.value
            yield Progress(step.stage, step.done, step.total)

    def searched(self, index: NSG, load: Workload, size: int, *, random_start: bool = False) -> tuple[float, float]:
        """Recall at k and mean distance computations, where wanted with a random node to start from for each query."""
        entries = None
        if random_start:
            drawn = np.random.default_rng(self.seed).integers(len(index), size=(len(load.queries), 1))
            entries = drawn.astype(np.int32)
        found = index.search_counted(load.asked, load.k, size, threads=self.params.search_threads, entries=entries)
        return load.recall(load.distances(found.ids), load.k), float(found.distance_computations.mean())


def prepare(params: Params, seed: int) -> Vectors:
    from experiments.ann.core.simd.inputs import checked_vectors
    from experiments.ann.core.simd.metric_space import MetricSpace

    if params.index is not None:
        return Vectors(params=params, seed=seed)
    data = params.load_all(seed) if params.is_own else params.load(seed)
    check_sizes(params, len(data.base))
    base, queries = checked_vectors(data.base, "base"), checked_vectors(data.queries, "queries")
    space = MetricSpace.of_base(base, data.metric)
    return Vectors(
        params=params,
        seed=seed,
        notes=(data.description,),
        dataset=data.name,
        metric=data.metric,
        base=space.place_base(base),
        queries=space.place_queries(queries),
    )


def check_sizes(params: Params, n: int) -> None:
    """Refuse more neighbors than there are vectors. List sizes beyond that are taken as the size of the base."""
    if params.k > n:
        raise InputError(f"k: expected at most {n}, the number of base vectors, got {params.k}")


def measured(rows: Sequence[R], part: str) -> Sequence[R]:
    """The rows of a part.

    Raises:
        NotRunError: there are none, because a kept index was searched.
    """
    if not rows:
        raise NotRunError(part)
    return rows
