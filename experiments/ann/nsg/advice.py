"""What to take for vectors of your own: the quickest search for each recall, and the lines that do it."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.ann.nsg.search import ENOUGH, WANTED, SearchRow, is_ours
from experiments.lab.answers import number


def quickest(rows: Sequence[SearchRow]) -> list[SearchRow]:
    """For every wanted recall that is reached the quickest search of ours and of another library, each once."""
    chosen: dict[tuple[str, int], SearchRow] = {}
    for wanted in WANTED:
        for own in (True, False):
            enough = [row for row in rows if row.recall_at_k >= wanted and is_ours(row) == own]
            if enough:
                best = max(enough, key=lambda row: row.queries_per_second)
                chosen[best.method, best.search_list_size] = best
    return list(chosen.values())


def advice(rows: Sequence[SearchRow]) -> str:
    """What to take for recall 0.99, or for the highest one that is reached, and the line that does it."""
    ours = [row for row in quickest(rows) if is_ours(row)]
    if not ours:
        return f"No list reaches recall {WANTED[0]}."
    best = min((row for row in ours if row.recall_at_k >= ENOUGH), key=lambda row: row.recall_at_k, default=ours[-1])
    metric = "" if best.metric == "l2" else f', metric="{best.metric}"'
    index = "CodedNSG.of(index)" if "codes" in best.method else "index"
    return (
        f"For recall {number(best.recall_at_k)} take {best.method} with a list of {best.search_list_size}: "
        f"{number(best.queries_per_second)} queries per second, {number(best.index_bytes / best.n)} bytes a vector, "
        f"built in {number(best.build_seconds, 2)} s. With index = NSG.build(vectors{metric}), or NSG.load(file): "
        f"{index}.search(queries, k={best.k}, search_list_size={best.search_list_size})"
    )
