"""How long greedy paths are on the MRNG of more and more uniform points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from experiments.ann.core.theory.point_sets import uniform_points
from experiments.ann.msnet import graphs
from experiments.ann.msnet.graphs import NO_NETWORKS, GraphRow
from experiments.ann.msnet.setup import Networks
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Rows, Table, kept
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Points, Undecided
from experiments.lab.judge.measures import points
from experiments.lab.judge.rules import SlopeBelow


def run(networks: Networks) -> Iterator[Event]:
    from experiments.ann.core.theory.named_graphs import GRAPHS

    ns = networks.params.ns
    for done, n in enumerate(ns):
        yield Progress("path length", done, len(ns))
        drawn = uniform_points(np.random.default_rng((networks.seed, n)), n, networks.params.dim)
        yield graphs.describe("uniform", "mrng by size", drawn, GRAPHS["mrng"](drawn))


def hops_beyond_the_root(rows: Sequence[GraphRow]) -> Points | Undecided:
    """Mean hops over n^(1/d): its exponent is by how much that of the hops exceeds 1/d."""
    if not rows:
        return Undecided("expected a sweep over sizes, got none")
    return points(rows, "n", lambda row: row.mean_hops / row.n ** (1 / row.dim))


def three_verdicts(rows: Rows) -> Instances:
    """Graphs on which the criteria differ, and single pairs on which they do: greedy stalls where a path exists."""
    every = [*rows.of(graphs.PART), *rows.of(PART)]
    return Instances(
        errors=[len(row.verdicts) > 1 for row in every],
        control=[row.avoidable_misses for row in kept(every, {"graph": NO_NETWORKS})],
    )


def hops_of_ends(rows: Sequence[GraphRow]) -> str:
    fewest, most = min(row.n for row in rows), max(row.n for row in rows)
    few, many = (number(mean(rows, "mean_hops", n=n)) for n in (fewest, most))
    return f"Greedy takes {few} hops on the MRNG of {fewest:,} points, {many} on that of {most:,}"


PART = Part(
    name="paths",
    row=GraphRow,
    run=run,
    claims=(
        Claim(
            "path_length_grows_as_the_theory_says",
            statement="Greedy paths on the MRNG lengthen with the number of points no faster than n^(1/d), but for "
            "the logarithm.",
            rule=SlopeBelow("mean hops / n^(1/d) over n", limit=0.05),
            measure=hops_beyond_the_root,
            topic="MSNET, path length",
            predicted="holds",
            source="Fu et al. 2019: expected path length n^(1/d) log n^(1/d) / dr",
        ),
    ),
    tables=(
        Table(
            title="Path length on the MRNG",
            by=("dim", "n"),
            columns=("mean_hops", "mean_distance_computations", "mean_degree"),
        ),
    ),
    curves=(Curve("hops_by_size", "n", "mean_hops", x_scale="log", y_scale="log", title=hops_of_ends),),
)
