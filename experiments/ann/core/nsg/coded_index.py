"""An NSG that is searched on short codes and measured exactly at the end: the fast form of the index.

    index = CodedNSG.of(NSG.build(base))
    ids, distances = index.search(queries, k=10, search_list_size=20)

Distances are exact; only which nodes are met depends on the codes. With a list as long as the base the search is exact.
Base vectors of integers from 0 to 255 are kept as bytes, others as float32.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.codes.codes import Principal
from experiments.ann.core.codes.line_codes import HALVES, PLACES, LineCodec
from experiments.ann.core.codes.projection import Projection
from experiments.ann.core.codes.short_codes import ShortCodes, short_codes
from experiments.ann.core.codes.stored_vector import Stored
from experiments.ann.core.nsg.construction.building import Built
from experiments.ann.core.nsg.construction.lists import STARTS, lists_with_start, whole_blocks
from experiments.ann.core.nsg.placed_base import PlacedBase
from experiments.ann.core.nsg.searching.allowed_search import checked_mask, search_allowed
from experiments.ann.core.nsg.searching.batch_search import check_sizes, search_lists
from experiments.ann.core.nsg.searching.counted_search import SearchResult
from experiments.ann.core.nsg.searching.products import reported
from experiments.ann.core.nsg.searching.range_search import Within, search_within
from experiments.ann.core.nsg.searching.searcher import Searcher
from experiments.ann.core.nsg.storage import Kept, natural, read_arrays, write_arrays
from experiments.ann.core.simd.distance import Floats, Ids
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.machine import has_vnni
from experiments.ann.core.simd.metric_space import MetricSpace
from experiments.ann.core.simd.vector import LANES, LINE
from experiments.foundation.cores import usable_cores

PROJECTION_ARRAYS, LEVEL_ARRAYS = ("weights", "scale", "shift"), ("steps", "origins")


class Graph(Protocol):
    """What codes are made for: an ``NSG``."""

    built: Built
    space: MetricSpace


class CodedNSG(PlacedBase):
    """An NSG with codes. Make it with ``of``."""

    def __init__(self, lists: Ids, vectors: Stored, short: ShortCodes, space: MetricSpace) -> None:
        super().__init__(vectors, space)
        self.lists = lists
        """Out-neighbors in full blocks of 8 (n + 1, width); the last row holds the nodes to start from."""
        self.short = short
        """What the search compares: codes of few cache lines, or vectors of 16 coordinates and fewer as they are."""

    @classmethod
    def of(cls, index: Graph, *, threads: int | None = None, portable: bool = False) -> CodedNSG:
        """Codes for an index.

        Args:
            index: the graph and its vectors.
            threads: workers; all usable cores by default.
            portable: do without VNNI; the results are the same.
        """
        built, workers = index.built, threads or usable_cores()
        short = built.short
        if short is None or portable:
            short = short_codes(built.vectors, Principal(built.vectors), workers, portable=portable)
        lists = lists_with_start(built.graph, built.navigating_node, built.spare, STARTS)
        return cls(lists, built.vectors, short, index.space)

    @property
    def nbytes(self) -> int:
        """Bytes of graph, vectors and codes."""
        return self.lists.nbytes + self.vectors.nbytes + (0 if self.short.codec is None else self.short.codes.nbytes)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index to one file."""
        details: dict[str, Any] = {"space": self.space.to_json()}
        arrays: dict[str, NDArray[Any]] = {"lists": self.lists, "vectors": self.vectors}
        codec = self.short.codec
        if codec is not None:
            projection = codec.projection
            details |= {"refined": codec.refined, "spread": codec.spread, "integer": projection.integer}
            arrays |= {name: getattr(projection, name) for name in PROJECTION_ARRAYS}
            arrays |= {name: getattr(codec, name) for name in LEVEL_ARRAYS} | {"codes": self.short.codes.view(np.int8)}
        write_arrays(Path(path), "CodedNSG", details, arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, verify: bool = True, portable: bool = False) -> CodedNSG:
        """Map an index that was saved, also one from another processor.

        Raises:
            ValueError: not an index, of another version, or damaged.
        """
        kept = read_arrays(Path(path), "CodedNSG", verify=verify)
        vectors, space = (
            kept.array("vectors", {"float32", "uint8"}, (None, None)),
            kept.detail("space", MetricSpace.from_json),
        )
        (n, width), lanes = vectors.shape, LINE if vectors.dtype == np.uint8 else LANES
        if width != -(-space.placed_dim // lanes) * lanes:
            raise kept.fault(f"vectors have {width} columns, which are not {space.placed_dim} dimensions")
        lists = kept.ids("lists", (n + 1, None), n)
        if lists.shape[1] % BLOCK or not whole_blocks(lists):
            raise kept.fault(f"lists are not whole blocks of {BLOCK}")
        return cls(lists, vectors, _stored_codes(kept, n, width, vnni=has_vnni() and not portable), space)

    def search(
        self,
        queries: ArrayLike,
        k: int,
        search_list_size: int,
        *,
        threads: int | None = None,
        allowed: ArrayLike | None = None,
    ) -> tuple[Ids, Floats]:
        """The k nearest base vectors of each query; see ``NSG.search``."""
        result = self.search_counted(queries, k, search_list_size, threads=threads, allowed=allowed)
        return result.ids, result.distances

    def search_within(
        self, queries: ArrayLike, radius: float, search_list_size: int, *, threads: int | None = None
    ) -> Within:
        """All base vectors no farther than ``radius`` from each query; see ``NSG.search_within``."""
        return search_within(self, queries, radius, search_list_size, threads)

    def searcher(self, k: int, search_list_size: int) -> Searcher:
        """``search`` for one vector a call, with everything prepared."""
        return Searcher(self.lists, self.short, self.vectors, self.space, k, search_list_size)

    def search_counted(
        self,
        queries: ArrayLike,
        k: int,
        search_list_size: int,
        *,
        threads: int | None = None,
        allowed: ArrayLike | None = None,
    ) -> SearchResult:
        """``search`` with its cost: code distances per query, repeated ones included; hops are not counted."""
        check_sizes(k, search_list_size)
        placed, vectors = self.place(queries)
        workers = threads or usable_cores()
        codes = self.short.of_queries(placed, workers)
        arguments = (self.lists, self.short, codes, self.vectors, placed, k, search_list_size, workers)
        mask = None if allowed is None else checked_mask(allowed, len(self), len(placed))
        ids, squared, measured = search_lists(*arguments) if mask is None else search_allowed(*arguments, mask)
        found = reported(self.space, self.vectors, self.long, vectors, ids, squared, mask)
        return SearchResult(*found, measured, np.zeros(len(placed), np.int32))


def _stored_codes(kept: Kept, n: int, width: int, *, vnni: bool) -> ShortCodes:
    """The codes (n + 2, 64 per line) of a file, or the vectors where there are none."""
    if "codes" not in kept.arrays:
        return ShortCodes(None, kept.array("vectors", {"float32"}, (n, width)))
    codes = kept.array("codes", {"int8"}, (n + 2, None))
    places = codes.shape[1] // LINE * HALVES
    weights = kept.array("weights", {"float32"}, (width, places))
    scale, shift, steps, origins = (
        kept.array(name, {"float32"}, (places,)) for name in ("scale", "shift", "steps", "origins")
    )
    projection = Projection(weights, scale, shift, kept.detail("integer", bool), vnni)
    spread = kept.detail("spread", float)
    if not (0 < spread <= n and (steps != 0).all()):
        raise kept.fault("the codes have no levels")
    codec = LineCodec(projection, steps, origins, kept.detail("refined", natural(PLACES + 1)), spread)
    return ShortCodes(codec, codes.view(np.uint8) if vnni else codes)
