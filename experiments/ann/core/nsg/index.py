"""The navigating spreading-out graph (NSG) as an index: build it, search it, inspect it.

    index = NSG.build(base, max_degree=32)
    ids, distances = index.search(queries, k=10, search_list_size=40)

Two builds with the same seed are equal bit for bit, for any number of threads.

Source: Fu, Xiang, Wang, Cai: Fast Approximate Nearest Neighbor Search With The Navigating Spreading-out Graph, PVLDB
12(5), 2019.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.codes.short_codes import ShortCodes
from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.construction.building import (
    BuildReport,
    BuildSettings,
    Built,
    build_steps,
    stored_form,
)
from experiments.ann.core.nsg.construction.lists import lists_with_start
from experiments.ann.core.nsg.construction.neighbors import Step
from experiments.ann.core.nsg.construction.reachability import count_unreachable, degrees, mutual_degrees
from experiments.ann.core.nsg.recommending import Recommendation, Searchable, recommend
from experiments.ann.core.nsg.searching.allowed_search import checked_mask, search_allowed
from experiments.ann.core.nsg.searching.batch_search import check_sizes, search_lists
from experiments.ann.core.nsg.searching.counted_search import SearchResult, search_graph
from experiments.ann.core.nsg.searching.products import long_rows, reported
from experiments.ann.core.nsg.searching.range_search import Within, search_within
from experiments.ann.core.nsg.searching.searcher import Searcher
from experiments.ann.core.nsg.storage import described, natural, read_arrays, write_arrays
from experiments.ann.core.simd.distance import Floats, Ids
from experiments.ann.core.simd.kernel import finish
from experiments.ann.core.simd.metric_space import MetricSpace
from experiments.ann.core.simd.vector import LANES, padded
from experiments.foundation.cores import usable_cores


class NSG:
    """An NSG over float32 vectors. Make it with ``build``."""

    def __init__(self, base: Floats, space: MetricSpace, settings: BuildSettings, built: Built) -> None:
        self.graph = built.graph
        """Out-neighbors (n, R), padded with -1."""
        self.base = base
        """Vectors in the space of the metric, padded (n, width)."""
        self.space = space
        self.navigating_node = built.navigating_node
        """The node nearest to the mean of the base, where every search starts."""
        self.settings = settings
        self.report = built.report
        self.built = built

    def __len__(self) -> int:
        return len(self.base)

    @classmethod
    def build(cls, base: ArrayLike, *, threads: int | None = None, **settings: object) -> NSG:
        """Build an index of vectors (n, d); the keywords are the fields of ``BuildSettings``.

        Raises:
            ValueError: base not (n, d) and finite, or a size below 1.
        """
        return finish(cls.build_steps(base, BuildSettings(**settings), threads=threads))  # type: ignore[arg-type]

    @classmethod
    def build_steps(
        cls, base: ArrayLike, settings: BuildSettings, *, threads: int | None = None
    ) -> Generator[Step, None, NSG]:
        """The build as a generator of steps that returns the index."""
        space, vectors = MetricSpace.reading(base, settings.metric)
        if not len(vectors):
            raise ValueError("base: expected at least one vector, got none")
        workers = threads or usable_cores()
        placed = padded(space.place_base(vectors), workers)
        built = yield from build_steps(placed, settings, workers)
        return cls(placed, space, settings, built)

    def search(
        self,
        queries: ArrayLike,
        k: int,
        search_list_size: int,
        *,
        threads: int | None = None,
        allowed: ArrayLike | None = None,
    ) -> tuple[Ids, Floats]:
        """The k nearest base vectors of each query, nearest first.

        Args:
            queries: vectors (m, d).
            k: neighbors per query; what is not found is -1 at infinite distance.
            search_list_size: length of the candidate list; raised to k where smaller. With the number of vectors the
                search is exact.
            threads: workers; all usable cores by default. They do not change the result.
            allowed: which vectors may be results: booleans (n,), or for each query of its own, booleans (m, n) or m
                arrays of ids; all by default. Where few are, they are scanned.

        Returns:
            ids (m, k) and distances (m, k) in the metric's terms.

        Raises:
            ValueError: queries of another shape or not finite, or a size below 1.
        """
        check_sizes(k, search_list_size)
        vectors = self.space.read(queries, "queries")
        placed = padded(self.space.place_queries(vectors))
        workers = threads or usable_cores()
        arguments = (self.lists, self.short, placed, self.base, placed, k, search_list_size, workers)
        mask = None if allowed is None else checked_mask(allowed, len(self), len(placed))
        ids, squared, _ = search_lists(*arguments) if mask is None else search_allowed(*arguments, mask)
        return reported(self.space, self.base, self.long, vectors, ids, squared, mask)

    def search_within(
        self, queries: ArrayLike, radius: float, search_list_size: int, *, threads: int | None = None
    ) -> Within:
        """All base vectors no farther than ``radius`` from each query (m, d), in the metric's terms (l2: squared).

        With ``search_list_size`` of the number of vectors nothing is missed.
        """
        return search_within(self, queries, radius, search_list_size, threads)

    def searcher(self, k: int, search_list_size: int) -> Searcher:
        """``search`` for one vector a call, with everything prepared."""
        return Searcher(self.lists, self.short, self.base, self.space, k, search_list_size)

    def recommend(
        self, recall: float = 0.99, *, k: int = 10, queries: ArrayLike | None = None, threads: int | None = None
    ) -> Recommendation:
        """How to search for a recall, by measuring; see ``recommending.recommend``. Print it for the call to make."""
        from experiments.ann.core.nsg.code_scan import CodeScan  # stands on the build, as this module does

        kinds: dict[str, Searchable] = {
            "index": self,
            "CodedNSG.of(index)": CodedNSG.of(self, threads=threads),
            "CodeScan.of(index)": CodeScan.of(self, threads=threads),
        }
        return recommend(kinds, self.base, self.space, recall, k=k, queries=queries, threads=threads)

    def search_counted(
        self,
        queries: ArrayLike,
        k: int,
        search_list_size: int,
        *,
        threads: int | None = None,
        entries: Ids | None = None,
    ) -> SearchResult:
        """The same, one query at a time and with its cost; ``entries`` (rows, e) replaces the navigating node, taken
        in turns by the queries.
        """
        check_sizes(k, search_list_size)
        vectors = self.space.read(queries, "queries")
        placed = padded(self.space.place_queries(vectors))
        starts = np.full((1, 1), self.navigating_node, np.int32) if entries is None else entries
        result = search_graph(self.graph, self.base, placed, starts, k, search_list_size, threads or usable_cores())
        ids, distances = reported(self.space, self.base, self.long, vectors, result.ids, result.distances)
        return result._replace(ids=ids, distances=distances)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index to one file."""
        details = {
            "space": self.space.to_json(),
            "navigating_node": self.navigating_node,
            "settings": asdict(self.settings),
            "report": asdict(self.report),
        }
        arrays = {"graph": self.graph, "base": self.base, "spare": self.built.spare}
        write_arrays(Path(path), "NSG", details, arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, verify: bool = True) -> NSG:
        """Map an index that was saved.

        Raises:
            ValueError: not an index, of another version, or damaged.
        """
        kept = read_arrays(Path(path), "NSG", verify=verify)
        base = kept.array("base", {"float32"}, (None, None))
        n, space = len(base), kept.detail("space", MetricSpace.from_json)
        if base.shape[1] != -(-space.placed_dim // LANES) * LANES:
            raise kept.fault(f"base has {base.shape[1]} columns, which are not {space.placed_dim} dimensions")
        built = Built(
            graph=kept.ids("graph", (n, None), n),
            navigating_node=kept.detail("navigating_node", natural(n)),
            report=kept.detail("report", described(BuildReport)),
            vectors=stored_form(base),
            short=None,
            spare=kept.ids("spare", (n, None), n),
        )
        return cls(base, space, kept.detail("settings", described(BuildSettings)), built)

    @cached_property
    def long(self) -> Ids:
        """See ``products.long_rows``."""
        return long_rows(self.base, self.space)

    @cached_property
    def lists(self) -> Ids:
        """The graph in the layout of ``search_codes``, (n + 1, R rounded up to a multiple of 8)."""
        return lists_with_start(self.graph, self.navigating_node)

    @property
    def short(self) -> ShortCodes:
        """What a search compares: the vectors themselves."""
        return ShortCodes(None, self.base)

    @property
    def degrees(self) -> NDArray[np.int64]:
        """Out-degrees (n,)."""
        return degrees(self.graph)

    @property
    def mutual_degrees(self) -> NDArray[np.int64]:
        """Out-degrees (n,) that the graph would have if the reverse of every edge were kept."""
        return mutual_degrees(self.graph)

    @property
    def unreachable(self) -> int:
        """Nodes that no path from the navigating node reaches."""
        return count_unreachable(self.graph, self.navigating_node)

    @property
    def nbytes(self) -> int:
        """Bytes of vectors and graph."""
        return self.graph.nbytes + self.base.nbytes
