"""The Vamana graph of Intel's scalable-vs, on floats or on vectors that it compresses."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.rivals.index import Floats, Index

ALPHA = 1.2
"""How much nearer another neighbor must be to a neighbor for the edge to be dropped; the library's own default."""


class Vamana(Index):
    """The effort is search_window_size."""

    name, family, package = "svs Vamana", "graph", "svs"

    def build(self, base: Floats, threads: int) -> None:
        settings = self.settings
        shape = self.library.VamanaBuildParameters(
            graph_max_degree=settings.max_degree, window_size=settings.build_list_size, alpha=ALPHA
        )
        self.shape = base.shape
        self.index = self.library.Vamana.build(
            shape, self.stored(base), self.library.DistanceType.L2, num_threads=threads
        )

    def stored(self, base: Floats) -> Any:
        """The vectors as the graph keeps them."""
        return base

    def search(self, queries: Floats, k: int, effort: int, threads: int = 1) -> NDArray[np.integer]:
        self.index.search_window_size = max(effort, k)
        if self.index.num_threads != threads:
            self.index.num_threads = threads
        return self.index.search(queries, k)[0].astype(np.int64)

    @property
    def nbytes(self) -> int:
        """By the layout: vectors, and a row of edges with its length for each."""
        n, d = self.shape
        return int(n * self.vector_bytes(d) + 4 * n * (self.settings.max_degree + 1))

    def vector_bytes(self, d: int) -> int:
        """Bytes that a vector of d coordinates takes."""
        return 4 * d


class LVQ(Vamana):
    """Vectors of 8 bits a coordinate, scaled vector by vector. It ends the process on another maker's processor."""

    name = "svs LVQ8"

    @classmethod
    def missing(cls) -> str:
        return super().missing() or ("" if is_intel() else "it ends the process on a processor that is not Intel's")

    def stored(self, base: Floats) -> Any:
        return self.library.LVQLoader(self.loader(base), primary=8)

    def loader(self, base: Floats) -> Any:
        """The library compresses only what it reads from a file."""
        self.folder = tempfile.TemporaryDirectory()  # goes with the index
        path = Path(self.folder.name) / "base.fvecs"
        self.library.write_vecs(base, str(path))
        return self.library.VectorDataLoader(str(path), self.library.DataType.float32, dims=base.shape[1])

    def vector_bytes(self, d: int) -> int:
        return d


class LeanVec(LVQ):
    """The same after a projection to at most 128 dimensions, and LVQ8 of all coordinates for the last step."""

    name = "svs LeanVec"

    def stored(self, base: Floats) -> Any:
        kind = self.library.LeanVecKind.lvq8
        return self.library.LeanVecLoader(
            self.loader(base), leanvec_dims=projected(base.shape[1]), primary_kind=kind, secondary_kind=kind
        )

    def vector_bytes(self, d: int) -> int:
        return d + projected(d)


def projected(d: int) -> int:
    """Dimensions that LeanVec searches in.

    >>> projected(784), projected(32)
    (128, 16)
    """
    return min(128, d // 2)


def is_intel() -> bool:
    """Whether the processor says that it is Intel's."""
    try:
        return "GenuineIntel" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
