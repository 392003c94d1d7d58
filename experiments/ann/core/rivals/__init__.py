"""Every index type under one interface, for comparison: this table, and a file per library.

    index = INDEXES["hnsw"].of(base, Settings(max_degree=32), threads=2)
    ids = index.search(queries, k=10, effort=40)

The table is all that studies and benchmarks know of them. Their libraries are imported when one is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from experiments.ann.core.rivals import faiss, hnswlib, lorann, ours, pynndescent, rabitqlib, svs, usearch
from experiments.ann.core.rivals.index import Index, Settings

INDEXES: dict[str, type[Index]] = {
    "exact": faiss.Scan,
    "kdtree": ours.KDTreeIndex,
    "lsh": ours.LSH,
    "ivf": faiss.IVF,
    "ivfpq": faiss.IVFPQ,
    "ivfpq_fast": faiss.IVFPQFastScan,
    "hnsw": faiss.HNSW,
    "faiss_nsg": faiss.FaissNSG,
    "nsg": ours.OurNSG,
    "nsg_codes": ours.OurCodedNSG,
    "code_scan": ours.OurCodeScan,
    "hnswlib": hnswlib.HNSWLib,
    "usearch": usearch.USearch,
    "pynndescent": pynndescent.PyNNDescent,
    "symphonyqg": rabitqlib.SymphonyQG,
    "lorann": lorann.LoRANN,
    "svs": svs.Vamana,
    "svs_lvq": svs.LVQ,
    "svs_leanvec": svs.LeanVec,
}

if TYPE_CHECKING:
    IndexName = str
else:
    IndexName = Literal[tuple(INDEXES)]
"""The names of the table, as the choices of a parameter."""

__all__ = ["INDEXES", "Index", "IndexName", "Settings"]
