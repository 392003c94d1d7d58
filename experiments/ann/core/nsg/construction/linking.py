"""The edges of an NSG, node by node on all threads: candidates and pruning, exactly or by codes, then reverse edges.

Each stage yields its progress and returns arrays. What is done for a node is in ``pruning``, ``coded_linking`` and
``reverse``; this module hands out nodes and scratch.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

import numpy as np

from experiments.ann.core.codes.line_codes import Codes
from experiments.ann.core.codes.short_codes import ShortCodes
from experiments.ann.core.codes.stored_vector import Stored
from experiments.ann.core.nsg.construction.coded_linking import collectors, link_by_codes
from experiments.ann.core.nsg.construction.lists import in_blocks
from experiments.ann.core.nsg.construction.neighbors import Neighbors, Step
from experiments.ann.core.nsg.construction.pruning import link_nodes, link_scratch
from experiments.ann.core.nsg.construction.reverse import join_reverse, reverse_lists
from experiments.ann.core.simd.distance import Floats, Ids
from experiments.ann.core.simd.kernel import run_chunks

ENTRY_SETS = 256
"""Different sets of random entries that the searches of a build take turns with."""
LISTED = 32
"""Nearest neighbors per node that the searches by codes walk along."""


class LinkPlan(NamedTuple):
    """What decides the edges of every node; see ``building.BuildSettings``."""

    navigating_node: int
    list_size: int
    """Length of the candidate list of the collecting searches, at most n."""
    candidates: int
    max_degree: int
    from_search: bool
    """Whether candidates are the nodes that a search meets, beside the node's own neighbors."""
    seed: int


def exact_links(
    base: Floats, knn: Ids, squared: Floats, instructions: Codes, plan: LinkPlan, threads: int
) -> Generator[Step, None, tuple[Ids, Floats]]:
    """Edges (n, max_degree) and their squared distances, by exact distances throughout.

    Args:
        base: padded vectors (n, width).
        knn, squared: nearest neighbors (n, k) and their squared distances.
        instructions: see ``byte_instructions``.
    """
    n = len(base)
    entries = entry_sets(knn[plan.navigating_node], plan.navigating_node, plan.list_size, n, plan.seed)
    if not plan.from_search:  # nowhere to start from: the searches meet nothing
        entries = entries[:, :0]
    links, link_squared = _empty_lists(n, plan.max_degree)
    scratch = [link_scratch(plan.list_size, n, knn.shape[1]) for _ in range(threads)]

    def link(worker: int, start: int, stop: int) -> None:
        own = scratch[worker]
        link_nodes(knn, squared, base, instructions, start, stop, entries, plan.candidates, own, links, link_squared)

    for done in run_chunks(link, n, chunk=256, threads=threads):
        yield Step("candidates and pruning", done, n)
    return links, link_squared


def coded_links(
    vectors: Stored, short: ShortCodes, neighbors: Neighbors, plan: LinkPlan, threads: int
) -> Generator[Step, None, tuple[Ids, Floats]]:
    """The same with searches by codes; what they collect is measured exactly."""
    n, knn = len(vectors), neighbors.ids
    size, width = plan.list_size, min(LISTED, knn.shape[1])
    entries = entry_sets(knn[plan.navigating_node], plan.navigating_node, width, n, plan.seed)
    # The entries are rows below those of the nodes: a search starts by expanding one of them.
    lists = in_blocks(np.vstack([knn[:, :width], entries]))
    links, link_squared = _empty_lists(n, plan.max_degree)
    scratch = [collectors(width, size, knn.shape[1]) for _ in range(threads)]
    visited, last = np.zeros((threads, n), np.uint8), [0] * threads

    def link(worker: int, start: int, stop: int) -> None:
        nodes = neighbors.order[start:stop]  # near nodes together, so that threads find codes in their caches
        last[worker] = link_by_codes(
            knn,
            neighbors.squared,
            lists,
            vectors,
            short.codes,
            short.of_queries(vectors[nodes]),
            nodes,
            size,
            plan.candidates,
            scratch[worker],
            visited[worker],
            last[worker],
            links,
            link_squared,
        )

    for done in run_chunks(link, n, chunk=256, threads=threads):
        yield Step("candidates and pruning", done, n)
    return links, link_squared


def with_reverse_edges(
    vectors: Stored, links: Ids, squared: Floats, instructions: Codes, threads: int
) -> Generator[Step, None, Ids]:
    """Edges (n, max_degree) with the reverse of each, pruned where they do not fit; -1 after the last."""
    n = len(vectors)
    # All incoming edges first, by one thread: then every node is decided alone, and threads change nothing.
    offsets, incoming = reverse_lists(links, squared)
    joined = np.full_like(links, -1)

    def join(_: int, start: int, stop: int) -> None:
        join_reverse(vectors, instructions, links, squared, offsets, incoming, start, stop, joined)

    for done in run_chunks(join, n, chunk=1024, threads=threads):
        yield Step("reverse edges", done, n)
    return joined


def _empty_lists(n: int, max_degree: int) -> tuple[Ids, Floats]:
    """Lists of no edges, and their squared distances."""
    width = min(max_degree, max(n - 1, 1))  # a graph has at least one column, also that of a single vector
    return np.full((n, width), -1, np.int32), np.full((n, width), np.inf, np.float32)


def entry_sets(neighbors: Ids, navigating_node: int, size: int, n: int, seed: int) -> Ids:
    """Where the collecting searches start: a quarter of ``size`` for the navigating node and its neighbors, the rest
    random.

    The random ones let candidates come from every part of a graph that is not connected.

    >>> entries = entry_sets(np.int32([7, 5, -1]), 3, size=8, n=100, seed=0)
    >>> entries.shape, entries[:2, :2].tolist()
    ((256, 8), [[3, 7], [3, 7]])
    """
    local = np.concatenate([[navigating_node], neighbors[neighbors >= 0]])[: max(1, size // 4)]
    rng = np.random.default_rng(seed)
    random = rng.integers(n, size=(ENTRY_SETS, max(size - len(local), 0)))
    return np.hstack([np.broadcast_to(local, (ENTRY_SETS, len(local))), random]).astype(np.int32)
