"""A neighbor graph of many vectors in almost linear time: groups first, then every vector searches for itself.

1. Centers are drawn by k-means of a sample, one for a thousand vectors; every vector joins the groups of its nearest
   four. Within a group all pairs are compared by code, as in ``coded_neighbors``.
2. On the graph of what the groups have found, every vector searches for itself by code. What its list holds at the end
   is measured exactly, and the nearest are kept.

The graph is not exact: a neighbor that shares no group and is never met is missed. Two builds are equal bit for bit for
any number of threads: groups and searches write to places of their own.

The idea to refine a rough graph by its own edges is that of NN-descent (Dong, Moses, Li: Efficient k-Nearest Neighbor
Graph Construction for Generic Similarity Measures, WWW 2011).
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from experiments.ann.core.codes.codes import Whole
from experiments.ann.core.codes.line_codes import Codes, QueryCodes
from experiments.ann.core.codes.short_codes import ShortCodes
from experiments.ann.core.codes.stored_vector import Stored, measure
from experiments.ann.core.nsg.construction.coded_linking import AT_ONCE, Collectors, collect, collectors
from experiments.ann.core.nsg.construction.groups import WALKED, form_groups, rough_graph_steps
from experiments.ann.core.nsg.construction.lists import in_blocks
from experiments.ann.core.simd.distance import Floats, Ids, key_distance, key_node
from experiments.ann.core.simd.kernel import kernel, run_chunks
from experiments.ann.core.simd.pool_vector import NO_KEY

SEARCHED = 96
"""Length of the candidate list of the searches, or k + 1 where that is more."""


@kernel
def search_for_themselves(
    lists: Ids,
    vectors: Stored,
    codes: Codes | Floats,
    queries: QueryCodes | Floats,
    nodes: Ids,
    size: int,
    scratch: Collectors,
    ids: Ids,
    squared: Floats,
) -> None:
    """The nearest others of some nodes, among those that a search from each finds; -1 after the last.

    ``queries`` has the rows of these nodes only; the other arguments are those of ``coded_linking.collect``.
    """
    for first in range(0, nodes.shape[0], AT_ONCE):
        some = nodes[first : first + AT_ONCE]
        collect(lists, codes, queries, first, some, size, scratch)
        for slot in range(some.shape[0]):
            node, met = some[slot], scratch.met[slot]
            count = 0
            # Only what the candidate list holds at the end: the nearest by code, without the node itself.
            for key in scratch.pools[slot, :size]:
                if key != NO_KEY and key_node(key) != node:
                    met[count] = key
                    count += 1
            # In place: keys by code distance go in, keys by exact distance come out.
            measure(vectors, met, count, vectors, node, codes, met)
            met[:count].sort()
            for i in range(min(count, ids.shape[1])):
                ids[node, i] = key_node(met[i])
                squared[node, i] = key_distance(met[i])


def grouped_graph_steps(
    vectors: Stored, codes: Whole, short: ShortCodes, k: int, *, threads: int, vnni: bool
) -> Generator[int, None, tuple[Ids, Floats, Ids]]:
    """Near neighbors of every vector, most of them its k nearest.

    Args:
        vectors: padded, as they are measured.
        codes: of ``codes.Codec``, for the groups.
        short: codes for the searches.

    Yields the vectors done, returns ids (n, k) and squared distances (n, k), -1 and infinity after the last, and ids
    such that near vectors stand together.
    """
    n = len(vectors)
    groups = form_groups(codes, threads)
    lists = yield from rough_graph_steps(codes, groups, threads, vnni=vnni)
    size = min(max(k + 1, SEARCHED), n)  # k others and the vector itself
    ids, squared = np.full((n, k), -1, np.int32), np.full((n, k), np.inf, np.float32)
    scratch = [collectors(WALKED, size, size) for _ in range(threads)]
    walked = in_blocks(lists)  # in whole blocks, as searches by codes read lists

    def work(worker: int, start: int, stop: int) -> None:
        # Near vectors together: their searches meet the same codes, which are then in the cache.
        nodes = groups.together[start:stop]
        queries = short.of_queries(vectors[nodes])
        search_for_themselves(walked, vectors, short.codes, queries, nodes, size, scratch[worker], ids, squared)

    for done in run_chunks(work, n, chunk=256, threads=threads):
        yield n // 2 + done // 2
    return ids, squared, groups.together
