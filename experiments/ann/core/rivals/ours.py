"""Our own index types: the k-d tree, hashing, and the NSG with and without codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.rivals.index import Floats, Index, Settings, timed

if TYPE_CHECKING:
    from experiments.ann.core.nsg.coded_index import CodedNSG
    from experiments.ann.core.nsg.index import NSG


class KDTreeIndex(Index):
    """The effort is the number of leaves. It takes one thread."""

    name, family = "k-d tree", "tree"

    def build(self, base: Floats, threads: int) -> None:
        from experiments.ann.core.exact.kdtree import build_tree

        self.tree = build_tree(base, self.settings.leaf_size)

    @property
    def efforts(self) -> tuple[int, ...]:
        return self.settings.max_leaves

    def search(self, queries: Floats, k: int, effort: int, threads: int = 1) -> NDArray[np.integer]:
        from experiments.ann.core.exact.kdtree import search_tree

        return search_tree(self.tree, queries, k, effort).ids

    def distance_computations(self, queries: Floats, k: int, effort: int, threads: int = 1) -> float:
        from experiments.ann.core.exact.kdtree import search_tree

        answer = search_tree(self.tree, queries, k, effort)
        return float((answer.points_measured + answer.boxes_measured).mean())

    @property
    def nbytes(self) -> int:
        return self.tree.nbytes


class LSH(Index):
    """E2LSH with cells of 4 times the median distance to the k-th neighbor; the effort is the number of tables."""

    name, family = "LSH", "hash"

    def build(self, base: Floats, threads: int) -> None:
        from experiments.ann.core.exact.exact import exact_neighbors
        from experiments.ann.core.rivals.hashing import build_tables

        k, tables = self.settings.k, max(self.settings.lsh_tables)
        rng = np.random.default_rng(self.settings.seed)
        sample = base[rng.choice(len(base), min(len(base), 100), replace=False)]
        squared = exact_neighbors(base, sample, k + 1, threads=threads)[1]
        width = 4 * float(np.median(np.sqrt(squared[:, min(k, len(base) - 1)]))) or 1.0
        self.index = build_tables(base, tables, self.settings.lsh_projections, width, rng)

    @property
    def efforts(self) -> tuple[int, ...]:
        return self.settings.lsh_tables

    def search(self, queries: Floats, k: int, effort: int, threads: int = 1) -> NDArray[np.integer]:
        from experiments.ann.core.rivals.hashing import search_tables

        return search_tables(self.index, queries, k, effort).ids

    def distance_computations(self, queries: Floats, k: int, effort: int, threads: int = 1) -> float:
        from experiments.ann.core.rivals.hashing import search_tables

        answer = search_tables(self.index, queries, k, effort)
        return float(answer.points_measured.mean()) + effort * self.settings.lsh_projections

    @property
    def nbytes(self) -> int:
        return self.index.nbytes


class OurNSG(Index):
    """The NSG searched by float32 distances; the effort is the length of the candidate list."""

    name, family = "NSG", "graph"
    index: NSG | CodedNSG

    @classmethod
    def around(cls, graph: NSG) -> Self:
        """An NSG that is built already."""
        wrapped = cls(Settings())
        wrapped.index, wrapped.graph, wrapped.build_seconds = graph, graph, graph.report.seconds
        return wrapped

    def build(self, base: Floats, threads: int) -> None:
        from experiments.ann.core.nsg.index import NSG

        self.graph = self.index = NSG.build(
            base,
            threads=threads,
            knn=self.settings.knn,
            search_list_size=self.settings.build_list_size,
            max_degree=self.settings.max_degree,
            candidates=self.settings.candidates,
            seed=self.settings.seed,
        )

    def search(self, queries: Floats, k: int, effort: int, threads: int = 1) -> NDArray[np.integer]:
        return self.index.search(queries, k, effort, threads=threads)[0]

    def one_by_one(self, k: int, effort: int) -> Callable[[Floats], object]:
        return self.index.searcher(k, effort)

    def distance_computations(self, queries: Floats, k: int, effort: int, threads: int = 1) -> float:
        return float(self.index.search_counted(queries, k, effort, threads=threads).distance_computations.mean())

    @property
    def nbytes(self) -> int:
        return self.index.nbytes

    @property
    def degrees(self) -> NDArray[np.int64]:
        return self.graph.degrees


class OurCodeScan(Index):
    """All codes scanned, without a graph; the effort is how many vectors are measured."""

    name, family, takes_bytes = "scan of codes", "quantization", True

    def build(self, base: Floats, threads: int) -> None:
        from experiments.ann.core.nsg.code_scan import CodeScan

        self.index = CodeScan.build(base, threads=threads)

    def search(self, queries: Floats, k: int, effort: int, threads: int = 1) -> NDArray[np.integer]:
        return self.index.search(queries, k, effort, threads=threads)[0]

    @property
    def nbytes(self) -> int:
        return self.index.nbytes


class OurCodedNSG(OurNSG):
    """The same graph searched by codes of 8 bits, with exact distances at the end; distances count those of codes."""

    name, takes_bytes = "NSG, codes", True

    @classmethod
    def on(cls, plain: OurNSG, threads: int) -> Self:
        """Codes for a graph that is built already; the build takes what both take."""
        coded = cls(plain.settings)
        coded.graph = plain.graph
        wall, cpu = timed(lambda: coded.encode(threads))
        coded.build_seconds, coded.build_cpu_seconds = plain.build_seconds + wall, plain.build_cpu_seconds + cpu
        return coded

    def build(self, base: Floats, threads: int) -> None:
        super().build(base, threads)
        self.encode(threads)

    def encode(self, threads: int) -> None:
        """Make the codes of the graph's vectors."""
        from experiments.ann.core.nsg.coded_index import CodedNSG

        self.index = CodedNSG.of(self.graph, threads=threads)
