"""What greedy routing makes of a graph: every walk between its points, and to queries outside the set.

Decides three properties of a graph apart from each other, so that they can be compared: the local condition (every
point has an out-neighbor strictly nearer to every other), the existence of monotonic paths, and the success of greedy
walks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.ann.core.theory.counterexamples import describe_walk
from experiments.ann.core.theory.graphs import Neighbors, out_degrees
from experiments.ann.core.theory.monotonic import monotonic_reachability, stalled_pairs
from experiments.ann.core.theory.point_sets import Points
from experiments.ann.core.theory.routing import greedy_from_everywhere, misses


@dataclass(frozen=True, kw_only=True)
class InsideSurvey:
    """All ordered pairs (p, q) of points, p != q."""

    stalled_pairs: int
    """Without an out-neighbor of p strictly nearer to q."""
    unconnected_pairs: int
    """Without any monotonic path from p to q."""
    missed_pairs: int
    """Whose greedy walk does not end at q itself."""
    avoidable_misses: int
    """Whose greedy walk stalls although another monotonic path arrives."""
    success: float
    """Share of greedy walks that arrive."""
    mean_hops: float
    """Over the walks that arrive; nan if none does."""
    mean_distance_computations: float
    """Over all walks."""
    mean_degree: float
    max_degree: int
    counterexample: str
    """The first pair that stalls, in words; empty without one."""


@dataclass(frozen=True)
class OutsideSurvey:
    """Greedy walks from all points to all queries."""

    missed: int
    """Walks that end farther from the query than the nearest point is."""
    success: float
    counterexample: str
    """The first walk that misses, in words; empty without one."""


def survey_inside(points: Points, neighbors: Neighbors) -> InsideSurvey:
    """Every ordered pair of points (n, d), n >= 2, by each of the three criteria. O(n^2 (degree + d + log n))."""
    stalled = stalled_pairs(points, neighbors)
    connected = monotonic_reachability(points, neighbors)
    walks = greedy_from_everywhere(points, neighbors, points)
    apart = ~np.eye(len(points), dtype=bool)
    arrived = (walks.ends == np.arange(len(points))[:, None]) & apart
    example = "".join(describe_walk(points, neighbors, int(p), points[q]) for p, q in stalled[:1])
    return InsideSurvey(
        stalled_pairs=len(stalled),
        unconnected_pairs=int((~connected & apart).sum()),
        missed_pairs=int((~arrived & apart).sum()),
        avoidable_misses=int((~arrived & apart & connected.T).sum()),
        success=float(arrived[apart].mean()),
        mean_hops=float(walks.hops[arrived].mean()) if arrived.any() else float("nan"),
        mean_distance_computations=float(walks.distance_computations[apart].mean()),
        mean_degree=float(out_degrees(neighbors).mean()),
        max_degree=int(out_degrees(neighbors).max()),
        counterexample=example,
    )


def survey_outside(points: Points, neighbors: Neighbors, queries: Points) -> OutsideSurvey:
    """Greedy walks from every point (n, d) to every query (m, d); a tie with the nearest point is a success."""
    missed = misses(points, queries, greedy_from_everywhere(points, neighbors, queries))
    first = np.argwhere(missed)[:1]
    example = "".join(describe_walk(points, neighbors, int(start), queries[query]) for query, start in first)
    return OutsideSurvey(int(missed.sum()), float(1 - missed.mean()), example)
