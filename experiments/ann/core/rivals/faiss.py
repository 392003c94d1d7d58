"""The indexes of faiss. It counts distances for IVF and HNSW, none for its NSG."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.rivals.index import Floats, Index

APPROXIMATE_FROM = 300_000
"""Vectors from which on the NSG is built on an approximate neighbor graph: the exact one takes n^2 distances."""
MOST_EQUAL = 0.25
"""Share of equal vectors up to which faiss's NSG is built; its build was seen not to return from two thirds on."""


class FaissIndex(Index):
    """What all of faiss's indexes share. Its number of threads is one for the process: every call sets its own."""

    package = "faiss"
    index: Any

    def search(self, queries: Floats, k: int, effort: int, threads: int = 1) -> NDArray[np.integer]:
        self.library.omp_set_num_threads(threads)
        self.set_effort(effort, k)
        return self.index.search(queries, k)[1]

    def set_effort(self, effort: int, k: int) -> None:
        """Prepare the next search."""

    def add(self, base: Floats, threads: int) -> None:
        """Train on vectors (n, d) where the index learns, and add them."""
        self.library.omp_set_num_threads(threads)
        if not self.index.is_trained:
            self.index.train(base)
        self.index.add(base)

    @cached_property
    def nbytes(self) -> int:
        return len(self.library.serialize_index(self.index))


class Scan(FaissIndex):
    """IndexFlatL2: every vector, whatever the effort."""

    name, family = "faiss Flat", "exact"

    def build(self, base: Floats, threads: int) -> None:
        self.index = self.library.IndexFlatL2(base.shape[1])
        self.add(base, threads)

    @property
    def efforts(self) -> tuple[int, ...]:
        return (self.index.ntotal,)

    def distance_computations(self, queries: Floats, k: int, effort: int, threads: int = 1) -> float:
        return float(self.index.ntotal)


class IVF(FaissIndex):
    """IndexIVFFlat: the effort is nprobe, the lists that are looked at."""

    name, family = "faiss IVF", "quantization"
    padding = 0
    """Columns of zeros that are added, which change no distance."""

    def build(self, base: Floats, threads: int) -> None:
        vectors = self.widened(base)
        quantizer = self.library.IndexFlatL2(vectors.shape[1])
        self.index = self.make(quantizer, *vectors.shape)
        self.index.cp.min_points_per_centroid = 1  # otherwise faiss warns on stderr below 39 vectors per list
        self.add(vectors, threads)

    def make(self, quantizer: Any, n: int, d: int) -> Any:
        """The empty index for n vectors of d coordinates."""
        return self.library.IndexIVFFlat(quantizer, d, self.settings.nlist)

    def widened(self, vectors: Floats) -> Floats:
        """The vectors (m, d) with the columns that are added."""
        return np.pad(vectors, ((0, 0), (0, self.padding))) if self.padding else vectors

    @property
    def efforts(self) -> tuple[int, ...]:
        return self.settings.nprobe

    def search(self, queries: Floats, k: int, effort: int, threads: int = 1) -> NDArray[np.integer]:
        return super().search(self.widened(queries), k, effort, threads)

    def set_effort(self, effort: int, k: int) -> None:
        self.index.nprobe = effort

    def distance_computations(self, queries: Floats, k: int, effort: int, threads: int = 1) -> float:
        statistics = self.library.cvar.indexIVF_stats
        statistics.reset()
        self.search(queries, k, effort, threads)
        return self.settings.nlist + statistics.ndis / len(queries)


class IVFPQ(IVF):
    """IndexIVFPQ with at most 8 bits per part of a vector."""

    name = "faiss IVF-PQ"

    def build(self, base: Floats, threads: int) -> None:
        self.padding = -base.shape[1] % self.settings.pq_subvectors
        super().build(base, threads)

    def make(self, quantizer: Any, n: int, d: int) -> Any:
        bits = min(8, int(math.log2(n)))
        index = self.library.IndexIVFPQ(quantizer, d, self.settings.nlist, self.settings.pq_subvectors, bits)
        index.pq.cp.min_points_per_centroid = 1
        return index


class IVFPQFastScan(FaissIndex):
    """IVF with codes of 4 bits that are looked up in registers, and the ten-fold of k measured again in float32.

    A code has a part for every two coordinates, from 512 dimensions on for every four.
    """

    name, family = "faiss IVF-PQ fast scan, refined", "quantization"

    def build(self, base: Floats, threads: int) -> None:
        d = base.shape[1]
        parts = next(parts for parts in range(max(1, d // 2 if d < 512 else d // 4), 0, -1) if d % parts == 0)
        self.index = self.library.index_factory(d, f"IVF{self.settings.nlist},PQ{parts}x4fs,RFlat")
        self.index.k_factor = 10
        self.lists = self.library.extract_index_ivf(self.index)
        self.lists.cp.min_points_per_centroid = 1
        self.add(base, threads)

    @property
    def efforts(self) -> tuple[int, ...]:
        return self.settings.nprobe

    def set_effort(self, effort: int, k: int) -> None:
        self.lists.nprobe = effort


class HNSW(FaissIndex):
    """IndexHNSWFlat; the effort is efSearch."""

    name, family = "faiss HNSW", "graph"

    def build(self, base: Floats, threads: int) -> None:
        self.index = self.library.IndexHNSWFlat(base.shape[1], max(2, self.settings.max_degree // 2))
        self.index.hnsw.efConstruction = self.settings.build_list_size
        self.add(base, threads)

    def set_effort(self, effort: int, k: int) -> None:
        self.index.hnsw.efSearch = max(effort, k)

    def distance_computations(self, queries: Floats, k: int, effort: int, threads: int = 1) -> float:
        statistics = self.library.cvar.hnsw_stats
        statistics.reset()
        self.search(queries, k, effort, threads)
        return statistics.ndis / len(queries)

    @property
    def degrees(self) -> NDArray[np.int64]:
        neighbors = self.library.vector_to_array(self.index.hnsw.neighbors)
        offsets = self.library.vector_to_array(self.index.hnsw.offsets)[: self.index.ntotal].astype(np.int64)
        lowest = neighbors[offsets[:, None] + np.arange(self.index.hnsw.nb_neighbors(0))]
        return (lowest >= 0).sum(axis=1)


def most_copies(base: Floats) -> int:
    """Of how many rows (n, d) the most frequent one is; rows are told apart by a sum of their bits of 32 bits.

    >>> most_copies(np.float32([[1, 2], [2, 1], [1, 2]]))
    2
    """
    weights = np.random.default_rng(0).integers(2**32, size=base.shape[1], dtype=np.uint32)
    sums = np.einsum("ij,j->i", np.ascontiguousarray(base).view(np.uint32), weights)
    return int(np.unique(sums, return_counts=True)[1].max())


class FaissNSG(FaissIndex):
    """IndexNSGFlat; the effort is search_L."""

    name, family = "faiss NSG", "graph"

    def build(self, base: Floats, threads: int) -> None:
        settings, approximate = self.settings, self.settings.approximate_knn
        if len(base) < max(settings.build_list_size, settings.max_degree):
            # faiss would never return
            raise RuntimeError(f"{len(base)} vectors do not fill its pool of {settings.build_list_size}")
        if (copies := most_copies(base)) > len(base) * MOST_EQUAL:
            raise RuntimeError(
                f"{copies:,} of {len(base):,} are equal, among which it may search for edges without end"
            )
        self.index = self.library.IndexNSGFlat(base.shape[1], settings.max_degree)
        self.index.GK = min(settings.knn, len(base) - 1)
        self.index.build_type = int(len(base) >= APPROXIMATE_FROM if approximate is None else approximate)
        self.index.nsg.L, self.index.nsg.C = settings.build_list_size, settings.candidates
        self.add(base, threads)

    def set_effort(self, effort: int, k: int) -> None:
        self.index.nsg.search_L = min(max(effort, k), self.index.ntotal)  # of a longer list it fills without end

    @property
    def degrees(self) -> NDArray[np.int64]:
        graph = self.index.nsg.get_final_graph()
        lists = self.library.rev_swig_ptr(graph.data, graph.N * graph.K).reshape(graph.N, graph.K)
        return (lists >= 0).sum(axis=1)
