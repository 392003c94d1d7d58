"""The nearest neighbor graph that a build starts from: exact, or found in groups where exactness would take too long.

The cost model counts the products of codes (n^2 of them for the exact graph) and adds what every vector takes in
groups. It prefers the exact graph until that takes ``PATIENCE`` times as long.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from experiments.ann.core.codes.centers import order_of
from experiments.ann.core.codes.codes import Principal, fit_codec
from experiments.ann.core.codes.short_codes import ShortCodes
from experiments.ann.core.codes.stored_vector import Stored
from experiments.ann.core.exact.exact import knn_graph_steps
from experiments.ann.core.nsg.construction.coded_neighbors import FEWEST, coded_graph_steps
from experiments.ann.core.nsg.construction.grouped_neighbors import grouped_graph_steps
from experiments.ann.core.nsg.construction.groups import GROUP, JOINED
from experiments.ann.core.simd.distance import Floats, Ids
from experiments.ann.core.simd.machine import has_vnni

T = TypeVar("T")
Method = Literal["auto", "exact", "grouped"]
PRODUCTS_PER_SECOND = 5e10
"""Products of bytes that a thread makes and looks through, from the graph of 100,000 x 128 bytes on a Xeon
with VNNI; with tile registers it makes more."""
SECONDS_PER_SEARCH = 75e-6
"""What a search for itself takes a thread, with what is measured at its end, from the same vectors."""
PRODUCTS_PER_BYTE, PRODUCTS_PER_BYTE_IN_WORDS = 12, 4
"""Products of codes, by VNNI and by words, in half the time in which one byte of a vector is measured: codes of twice
the length take as many products more, and spare about half of the vectors.
"""
DECLINED = 1 / 16
"""Share of the vectors above which the exact graph by the longest codes takes longer than by products of floats."""
PATIENCE = 4.0
GROUPED_FROM = 50_000
"""Vectors below which groups are never chosen."""


class Step(NamedTuple):
    """How far a build has come."""

    stage: str
    done: int
    total: int


class Neighbors(NamedTuple):
    """The nearest others of n vectors."""

    ids: Ids
    """(n, k)."""
    squared: Floats
    method: str
    """How they were found: exact or grouped."""
    order: Ids
    """Ids (n,) such that near vectors stand together, as far as that was found out."""


class Plan(NamedTuple):
    """What the cost model says, in seconds."""

    exact_seconds: float
    grouped_seconds: float

    @property
    def method(self) -> Literal["exact", "grouped"]:
        """Exact, unless that takes ``PATIENCE`` times as long."""
        return "grouped" if self.exact_seconds > PATIENCE * self.grouped_seconds else "exact"


def neighbor_plan(n: int, dim: int, threads: int) -> Plan:
    """Predicted seconds of both ways for n vectors of ``dim`` coordinates.

    >>> neighbor_plan(100_000, 128, threads=1).method, neighbor_plan(10_000_000, 128, threads=1).method
    ('exact', 'grouped')
    """
    products = PRODUCTS_PER_SECOND * threads / code_widths(dim)[0]
    # A vector joins 4 groups of 4 * 1000 members each, and is compared with n / 1000 centers; then it searches.
    grouped = n * (JOINED**2 * GROUP + n / GROUP) / products + n * SECONDS_PER_SEARCH / threads
    return Plan(n * n / products, grouped)


def neighbor_stage(
    base: Floats,
    vectors: Stored,
    principal: Principal | None,
    short: ShortCodes | None,
    k: int,
    method: Method,
    threads: int,
) -> Generator[Step, None, Neighbors]:
    """The nearest others of padded vectors (n, width).

    Args:
        base, vectors: the same vectors as floats and as they are measured.
        principal, short: of these; None where the build takes exact distances throughout.
        k: neighbors per vector.
    """
    n, width = len(base), max(1, min(k, len(base) - 1))
    plan = neighbor_plan(n, base.shape[1], threads)
    vnni = has_vnni()
    # Blocks of rows are spread over our threads; BLAS must not start its own in each of them.
    with threadpool_limits(1):
        if principal is not None and short is not None:
            grouped = method == "grouped" or (method == "auto" and n >= GROUPED_FROM and plan.method == "grouped")
            widths = code_widths(base.shape[1]) if grouped or n > FEWEST else []
            for code_bytes in widths[: 1 if grouped else None]:
                codec = fit_codec(principal, code_bytes, vnni=vnni)
                codes = codec.encode(vectors, threads=threads)
                if grouped:
                    steps = grouped_graph_steps(vectors, codes, short, width, threads=threads, vnni=vnni)
                    ids, squared, order = yield from _as_stage("neighbors in groups", n, steps)
                    return Neighbors(ids, squared, "grouped", order)
                order = order_of(codes, threads)
                # Shorter codes are given up for longer ones, the longest only for the matrix product of floats.
                longest = code_bytes == widths[-1]
                most = n * DECLINED if longest else most_candidates(vectors, code_bytes, width, vnni=vnni)
                proved = coded_graph_steps(vectors, codec, codes, order, width, most=most, threads=threads, vnni=vnni)
                found = yield from _as_stage("nearest neighbors", n, proved)
                if found is not None:
                    return Neighbors(*found, "exact", order)
        exact = knn_graph_steps(base, width, threads=threads)
        return Neighbors(*(yield from _as_stage("nearest neighbors", n, exact)), "exact", np.arange(n, dtype=np.int32))


def most_candidates(vectors: Stored, width: int, k: int, *, vnni: bool) -> float:
    """Candidates of a row, beside twice the k that are needed, that take as long to measure as all its products of
    codes of a width: with more, twice as long codes pay.

    >>> most_candidates(np.zeros((12_000, 128), np.uint8), 64, 10, vnni=True)  # 20 + 12,000 * 64 / 12 / 128
    520.0
    """
    products = vectors.shape[0] * width / (PRODUCTS_PER_BYTE if vnni else PRODUCTS_PER_BYTE_IN_WORDS)
    return 2 * k + products / (vectors.shape[1] * vectors.itemsize)


def code_widths(dim: int) -> list[int]:
    """Lengths of code, in bytes, to try for the exact graph, from the quickest on: products of codes take a fourth of
    those of floats.

    >>> code_widths(128), code_widths(960)
    ([64, 128], [128, 256, 512])
    """
    widths = [64 if dim <= 256 else 128]
    while widths[-1] < min(dim, 512):
        widths.append(2 * widths[-1])
    return widths


def _as_stage(stage: str, total: int, steps: Generator[int, None, T]) -> Generator[Step, None, T]:
    """Name the steps of a stage."""
    while True:
        try:
            yield Step(stage, next(steps), total)
        except StopIteration as end:
            return end.value
