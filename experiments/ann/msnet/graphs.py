"""Whether a graph is a monotonic search network, by three criteria, and what greedy routing makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from experiments.ann.core.theory.graphs import Neighbors, out_degrees, undirected_edges
from experiments.ann.core.theory.point_sets import Points
from experiments.ann.msnet.setup import GRAPH_NAMES, Networks
from experiments.lab.experiment import Drawing, Event, Note, Part, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Each, Theorem

RNG = ("rng", "rng, four points")
NO_NETWORKS = (*RNG, "knn")


@observation
class GraphRow(Row):
    """One graph of one point set."""

    dataset: str
    graph: str
    n: int
    dim: int
    stalled_pairs: int
    """Ordered pairs (p, q) without an out-neighbor of p strictly nearer to q."""
    unconnected_pairs: int
    """Ordered pairs without any monotonic path."""
    missed_pairs: int
    """Ordered pairs whose greedy walk does not arrive."""
    avoidable_misses: int
    """Ordered pairs whose greedy walk stalls although another monotonic path arrives."""
    success: float
    """Share of greedy walks that arrive."""
    mean_hops: float
    """Over the walks that arrive; nan if none does."""
    mean_distance_computations: float
    """Over all walks."""
    mean_degree: float
    max_degree: int
    counterexample: str
    """The first pair that stalls, to be checked by hand; empty without one."""

    @property
    def verdicts(self) -> set[bool]:
        """Whether the graph is an MSNET by each of the three criteria; one element if they agree."""
        return {self.stalled_pairs == 0, self.unconnected_pairs == 0, self.missed_pairs == 0}


def run(networks: Networks) -> Iterator[Event]:
    from experiments.ann.core.theory.counterexamples import GABRIEL_STALLS, RNG_STALLS
    from experiments.ann.core.theory.named_graphs import GRAPHS

    for name, points in (("gabriel", GABRIEL_STALLS), ("rng", RNG_STALLS)):
        row = describe("four points", f"{name}, four points", points, GRAPHS[name](points))
        yield Note(f"The {name} graph is no MSNET: {row.counterexample}")
        yield row
        yield draw(name, points, GRAPHS[name](points))
    for graph in networks.graphs():
        yield describe(networks.params.dataset, graph, networks.points, networks.build(graph))


def describe(dataset: str, graph: str, points: Points, neighbors: Neighbors) -> GraphRow:
    """Every ordered pair of distinct points (n, d), n >= 2, by each of the three criteria."""
    from experiments.ann.core.theory.counterexamples import describe_first_stall
    from experiments.ann.core.theory.monotonic import monotonic_reachability, stalled_pairs
    from experiments.ann.core.theory.routing import arrivals, greedy_from_everywhere

    (n, dim), apart = points.shape, ~np.eye(len(points), dtype=bool)
    stalled, connected = stalled_pairs(points, neighbors), monotonic_reachability(points, neighbors)
    walks = greedy_from_everywhere(points, neighbors, points)
    arrived, degrees = arrivals(walks), out_degrees(neighbors)
    return GraphRow(
        dataset=dataset,
        graph=graph,
        n=n,
        dim=dim,
        stalled_pairs=len(stalled),
        unconnected_pairs=int((~connected & apart).sum()),
        missed_pairs=int((~arrived & apart).sum()),
        avoidable_misses=int((~arrived & apart & connected.T).sum()),
        success=float(arrived[apart].mean()),
        mean_hops=float(walks.hops[arrived].mean()) if arrived.any() else float("nan"),
        mean_distance_computations=float(walks.distance_computations[apart].mean()),
        mean_degree=float(degrees.mean()),
        max_degree=int(degrees.max()),
        counterexample=describe_first_stall(points, neighbors, stalled),
    )


NAMES = {"gabriel": "Gabriel graph", "rng": "RNG"}


def draw(graph: str, points: Points, neighbors: Neighbors) -> Drawing:
    from experiments.ann.core.theory.monotonic import stalled_pairs

    start, goal = points[stalled_pairs(points, neighbors)[0]].tolist()
    return Drawing(
        name=f"{graph}_is_no_msnet",
        title=f"{NAMES[graph]} of four points: no neighbor of the start is nearer to the goal",
        points=tuple(map(tuple, points.tolist())),
        edges=tuple(map(tuple, undirected_edges(neighbors).tolist())),
        marks=(("start", *start), ("goal", *goal)),
    )


def stalls(rows: Sequence[GraphRow], graphs: tuple[str, ...], control: list[int]) -> Instances:
    """Pairs that stall on the named graphs."""
    found = kept(rows, {"graph": graphs})
    example = next((row.counterexample for row in found if row.counterexample), None)
    return Instances([row.stalled_pairs for row in found], control, example)


def networks_and_others(rows: Sequence[GraphRow]) -> Instances:
    """The control is the least of the graphs that are no MSNET: some pair must stall on each of them."""
    controls = [row.stalled_pairs for row in kept(rows, {"graph": NO_NETWORKS})]
    return stalls(rows, ("delaunay", "mrng", "complete"), [min(controls)] if controls else [])


def nsg_by_candidates(rows: Sequence[GraphRow]) -> Mapping[str, Instances]:
    control = [row.stalled_pairs for row in kept(rows, {"graph": RNG})]
    arms = {"few candidates a point": "nsg", "all points": "nsg, all candidates"}
    return {condition: stalls(rows, (graph,), control) for condition, graph in arms.items()}


PART = Part(
    name="graphs",
    row=GraphRow,
    run=run,
    claims=(
        Claim(
            "delaunay_mrng_and_complete_graphs_are_msnets",
            statement="Delaunay graph, MRNG and complete graph are MSNETs, RNG and k-NN graph are not.",
            rule=Theorem(
                "no pair stalls on the first three",
                control="every RNG and k-NN graph, on each of which some pair stalls,",
            ),
            measure=networks_and_others,
            topic="MSNET, examples",
            predicted="holds",
            source="Dearholt, Gonzales and Kurup 1988; Fu et al. 2019",
        ),
        Claim(
            "nsg_is_an_msnet",
            statement="The NSG is an MSNET.",
            rule=Each(Theorem("no pair stalls", control="the RNG"), per="choice of candidates"),
            measure=nsg_by_candidates,
            topic="NSG as an approximation of the MRNG",
            predicted={"few candidates a point": "refuted", "all points": "holds"},
            source="Fu et al. 2019: the NSG approximates the MRNG, and equals it with all points as candidates",
        ),
    ),
    tables=(
        Table(
            title="Graphs",
            by=("dataset", "graph", "dim", "n"),
            columns=(
                "stalled_pairs",
                "success",
                "mean_hops",
                "mean_distance_computations",
                "mean_degree",
                "max_degree",
            ),
        ),
    ),
)

SHOWN = Table(
    title="Pairs without a nearer neighbor, and what greedy walks make of it",
    by=("graph",),
    columns=("stalled_pairs", "success", "mean_hops", "mean_degree"),
    only={"graph": GRAPH_NAMES},
)
