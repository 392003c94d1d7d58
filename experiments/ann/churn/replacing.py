"""Vectors replaced in rounds: what the index promises after each, and at the end beside an index built anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from experiments.foundation.datasets.sources import VectorSource
from experiments.lab.answers import mean, number
from experiments.lab.experiment import (
    Curve,
    Event,
    Part,
    Progress,
    Row,
    Setup,
    Table,
    observation,
    parameters,
)
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, NotMeasured, Pairs
from experiments.lab.judge.measures import paired
from experiments.lab.judge.rules import Equivalence, Ratio, Theorem

if TYPE_CHECKING:
    from experiments.ann.core.nsg.index import NSG
    from experiments.ann.core.nsg.live.index import LiveNSG
    from experiments.foundation.datasets.vectors import VectorData

CHANGED, REBUILT = "changed", "rebuilt"
FEW_EDGES = 8
"""Edges a node of the controls."""


@parameters
class Params(VectorSource):
    k: Annotated[int, Field(ge=1)] = 10
    """Neighbors per query."""
    search_list_size: Annotated[int, Field(ge=1)] = 40
    """Candidate list of both."""
    rounds: Annotated[int, Field(ge=1, le=100)] = 5
    """Rounds in which half of the vectors are replaced."""


@observation
class ChurnRow(Row):
    """One index after some changes."""

    dataset: str
    method: str
    replaced: float
    """Share of the first vectors that others have replaced."""
    n: int
    recall_at_k: float
    queries_per_second: float
    """By CPU time, on one thread."""
    unreachable: int
    """Live vectors that no path from the start of the searches reaches."""
    unreachable_when_cut: int
    """The same where the deleted are cut out of a graph with few edges, and nothing else is done."""
    excess_degree: int
    """Edges above the limit at the node with most."""
    excess_reverse: int
    """The same if the reverse of every edge of a graph with few edges were kept."""
    deleted_found: int
    """Deleted vectors among the results."""
    deleted_if_unknown: int
    """The same for an index from before the deletions."""


def run(setup: Setup[Params]) -> Iterator[Event]:
    from experiments.ann.core.nsg.index import NSG
    from experiments.ann.core.nsg.live.index import LiveNSG

    params, rng = setup.params, np.random.default_rng(setup.seed)
    data = params.load(setup.seed)
    total = len(data.base)
    first = total - total // 3  # half of these is replaced by the last third
    yield Progress("build", 0, params.rounds)
    before = NSG.build(data.base[:first], metric=data.metric, seed=setup.seed)
    sparse = NSG.build(data.base[:first], metric=data.metric, seed=setup.seed, max_degree=FEW_EDGES)
    index, gone = LiveNSG.of(before), np.zeros(total, np.bool_)
    for done, added in enumerate(np.array_split(np.arange(first, total), params.rounds), start=1):
        index.add(data.base[added], added)
        deleted = rng.choice(index.ids, len(added), replace=False)
        index.delete(deleted)
        gone[deleted] = True
        if done == params.rounds:
            index.compact()
        yield Progress("replace vectors", done, params.rounds)
        yield row_of(setup, data, index, CHANGED, gone, before, sparse)
    kept = np.sort(index.ids)
    rebuilt = LiveNSG.of(NSG.build(data.base[kept], metric=data.metric, seed=setup.seed), kept)
    yield row_of(setup, data, rebuilt, REBUILT, gone, before, sparse)


def row_of(
    setup: Setup[Params],
    data: VectorData,
    index: LiveNSG,
    method: str,
    gone: NDArray[np.bool_],
    before: NSG,
    sparse: NSG,
) -> ChurnRow:
    """What an index finds and keeps, beside an NSG from before the changes and one with few edges."""
    from experiments.ann.core.nsg.construction.reachability import count_unreachable
    from experiments.ann.core.rivals.index import timed
    from experiments.ann.core.rivals.measuring import Workload

    params, queries = setup.params, data.queries.astype(np.float32)
    kept = np.sort(index.ids)
    space = before.space
    rows, asked = space.place_base(data.base[kept].astype(np.float32)), space.place_queries(queries)
    load = Workload.of(rows, asked, params.k, threads=1)
    search = partial(index.search, queries, params.k, params.search_list_size, threads=1)
    ids, _ = search()
    early, _ = before.search(queries, params.k, params.search_list_size, threads=1)
    dead = gone[: len(sparse)]
    cut = np.where(dead[:, None] | dead[np.maximum(sparse.graph, 0)], -1, sparse.graph)
    root = int(np.flatnonzero(~dead)[0])
    return ChurnRow(
        dataset=data.name,
        method=method,
        replaced=float(gone.sum() / len(before)),
        n=len(index),
        recall_at_k=load.recall(load.distances(np.where(ids >= 0, np.searchsorted(kept, ids), -1)), params.k),
        queries_per_second=len(queries) / min(timed(search)[1] for _ in range(5)),
        unreachable=index.unreachable(),
        unreachable_when_cut=count_unreachable(np.sort(cut, axis=1)[:, ::-1].copy(), root) - int(dead.sum()),
        excess_degree=max(0, int(index.degrees.max()) - index.width),
        excess_reverse=max(0, int(sparse.mutual_degrees.max()) - FEW_EDGES),
        deleted_found=int(gone[ids[ids >= 0]].sum()),
        deleted_if_unknown=int(gone[early[early >= 0]].sum()),
    )


def invariant(error: str, control: str) -> Callable[[Sequence[ChurnRow]], Instances]:
    """The measure of a column that must be 0, beside one that must not."""

    def measure(rows: Sequence[ChurnRow]) -> Instances:
        changed = [row for row in rows if row.method == CHANGED]
        errors, controls = ([float(getattr(row, column)) for row in changed] for column in (error, control))
        return Instances(errors, controls)

    return measure


def last(rows: Sequence[ChurnRow]) -> list[ChurnRow]:
    """The rows of the end, when all are replaced that shall be."""
    ends = {row.seed: row.replaced for row in rows}
    return [row for row in rows if row.replaced == ends[row.seed]]


def at_the_end(column: str) -> Callable[[Sequence[ChurnRow]], Pairs | NotMeasured]:
    return lambda rows: paired(column, method=(CHANGED, REBUILT))(last(rows))


def recalls_at_the_end(rows: Sequence[ChurnRow]) -> str:
    ends = last(rows)
    changed, rebuilt = (number(mean(ends, "recall_at_k", method=method), 4) for method in (CHANGED, REBUILT))
    return f"With half of the vectors replaced recall is {changed}, in a new index {rebuilt}"


PART = Part(
    name="churn",
    row=ChurnRow,
    run=run,
    claims=(
        Claim(
            "every_live_vector_is_reachable",
            statement="After any additions and deletions every live vector is reachable from where searches start.",
            rule=Theorem("no live vector is unreachable", control="the deleted cut out of a graph with few edges"),
            measure=invariant("unreachable", "unreachable_when_cut"),
            topic="NSG: tree repair",
            predicted="holds",
            source="every vector has a parent whose edge no pruning drops",
        ),
        Claim(
            "degree_limit_is_kept_by_changes",
            statement="No additions or deletions give a vector more edges than the limit.",
            rule=Theorem("no out-degree exceeds the limit", control="keeping all reverse edges"),
            measure=invariant("excess_degree", "excess_reverse"),
            topic="NSG: degree limit R",
            predicted="holds",
            source="a list that is full is pruned before it takes an edge",
        ),
        Claim(
            "deleted_are_never_found",
            statement="A deleted vector is in no result of a later search.",
            rule=Theorem("no deleted vector is found", control="an index that was not told"),
            measure=invariant("deleted_found", "deleted_if_unknown"),
            topic="NSG: search",
            predicted="holds",
            source="results are filtered by a mark that delete sets before it returns",
        ),
        Claim(
            "recall_equals_a_rebuild",
            statement="After half of the vectors are replaced, recall is within half a point of a new index's.",
            rule=Equivalence("recall at k with equal lists, changed and rebuilt", margin=0.005),
            measure=at_the_end("recall_at_k"),
            topic="NSG: construction",
            predicted="holds",
            source="Singh et al. 2021: recall stays stable over deletions and insertions with their rule",
        ),
        Claim(
            "speed_equals_a_rebuild",
            statement="After half of the vectors are replaced, searches are at most a tenth slower than in a new "
            "index.",
            rule=Ratio("queries per second with equal lists, changed over rebuilt", at_least=0.9),
            measure=at_the_end("queries_per_second"),
            topic="NSG: construction",
            predicted="holds",
            source="pilot",
        ),
    ),
    tables=(
        Table(
            title="An index that changes, and one that is built anew",
            by=("method", "replaced"),
            columns=("recall_at_k", "queries_per_second", "n", "unreachable", "deleted_found"),
        ),
    ),
    curves=(Curve("recall_replaced", "replaced", "recall_at_k", "method", title=recalls_at_the_end),),
)
