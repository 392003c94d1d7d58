"""Fitting the codec of line codes: how many lines, how many bytes that keep one coordinate of 8 bits, and which 16
values 4 bits stand for.

Every choice is tried on a sample: how many of the nearest neighbors are among the nearest by code. A flat spectrum, as
of text embeddings, leaves too much outside one line; then a second pays. The same trial tells how many candidates a
search has to measure.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from experiments.ann.core.codes.codes import Principal, linear_map
from experiments.ann.core.codes.line_codes import GROUP, HALVES, MIDDLE, PLACES, LineCodec
from experiments.ann.core.simd.distance import Floats
from experiments.ann.core.simd.kernel import fast_kernel, run_all
from experiments.ann.core.simd.vector import LINE

KINDS = ((1, 0), (1, 16), (1, 32), (1, 48), (1, 60), (2, 0), (2, 32), (2, 60), (3, 0))
"""Lines of a code, and how many bytes hold one coordinate of 8 bits."""
FURTHER_LINE = 0.45
"""What a search by codes takes longer for every line after the first, measured on four sets with equal lists."""
LARGEST_STEP = 16
"""Of the decoded values: 15 * 16 + 8 fits in a byte, and 15 * 16 * 127 in 16 bits."""
PROBES, NEAREST, LISTED = 256, 10, 12
"""Codes are compared by how many of the 10 nearest of a sample are among the 12 nearest by code."""
KEPT_SHARE = 0.998
"""Share of the nearest that measuring only the first by code must keep."""
MARGIN = 1.3
"""Neighbors within a sample lie further apart than those in the whole base, so codes tell them apart more easily."""
LEAST_SPREAD, MOST_SPREAD = 2.0, 4.0
"""Bounds of ``LineCodec.spread``."""
LEVELED = 1000
"""Vectors from which the values of 4 bits are chosen."""


def fit_line_codec(principal: Principal, *, vnni: bool, threads: int = 1) -> LineCodec:
    """The codec that finds the nearest neighbors of a sample with the least work.

    Args:
        principal: the sample and its directions.
        vnni: whether projections of bytes take VNNI; codes and results are the same.
    """
    n = len(principal.floats)
    chosen = np.linspace(0, n - 1, min(PROBES, n), dtype=np.int64)
    nearest = _nearest_of(principal, chosen)
    if not nearest.size:
        return _codec(principal, 1, PLACES, vnni)
    tried: dict[int, tuple[LineCodec, NDArray[np.int64]]] = {}

    def try_one(_: int, start: int, stop: int) -> None:
        codec = _codec(principal, *KINDS[start], vnni)
        tried[start] = codec, _ranks(codec, principal, chosen, nearest)

    # One thread of BLAS for each of ours: more would wait for each other.
    with threadpool_limits(1):
        run_all(try_one, len(KINDS), chunk=1, threads=threads)
    codec, ranks = min((tried[i] for i in range(len(KINDS))), key=lambda pair: _cost(*pair))
    # So many of the nearest by code hold 99.8 % of the true ones; in units of how many are asked for.
    needed = float(np.quantile(ranks, KEPT_SHARE)) + 1
    return replace(codec, spread=min(max(MARGIN * needed / NEAREST, LEAST_SPREAD), MOST_SPREAD))


def _cost(codec: LineCodec, ranks: NDArray[np.int64]) -> tuple[float, float]:
    """Time of a search, up to a factor: a list that holds 95 % of the nearest, and what a further line adds; of equals
    the codec comes first that finds most.
    """
    longer = 1 + FURTHER_LINE * (codec.lines - 1)
    return (float(np.quantile(ranks, 0.95)) + 1) * longer, -float((ranks < LISTED).mean())


def _nearest_of(principal: Principal, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """The nearest others of sampled vectors (m, 10), fewer where there are fewer."""
    centered = principal.floats - principal.mean.astype(np.float32)
    # |x - y|^2 without |y|^2, which does not change the order; centered, so that little cancels.
    squared = np.einsum("ij,ij->i", centered, centered) - 2 * centered[chosen] @ centered.T
    squared[np.arange(len(chosen)), chosen] = np.inf
    many = min(NEAREST, len(centered) - 1)
    return np.argpartition(squared, max(many - 1, 0), axis=1)[:, :many]


def _codec(principal: Principal, lines: int, refined: int, vnni: bool) -> LineCodec:
    """A codec of some lines, the first ``refined`` bytes of which hold one coordinate of 8 bits each."""
    width = lines * HALVES
    directions = np.zeros((principal.floats.shape[1], width))
    # The widest 60 directions are the low halves (or refined bytes), the next ones the high halves that are left; then
    # come those of the next line.
    places = np.flatnonzero(np.arange(width) % LINE < PLACES)
    places = places[(places < LINE) | (places >= LINE + refined)][: min(principal.directions.shape)]
    directions[:, places] = principal.directions[:, : len(places)]
    projection = linear_map(principal, directions, vnni=vnni)
    steps, origins = np.ones(width, np.float32), np.full(width, MIDDLE, np.float32)
    few = principal.floats[:: max(1, len(principal.floats) // LEVELED)]
    coordinates = few @ projection.weights * projection.scale - projection.shift
    for start in range(0, width, GROUP):
        group = slice(start, start + GROUP)
        steps[group], origins[group] = _levels(coordinates[:, group])
    # v = low + 16 high of a refined byte
    steps[:refined], origins[:refined] = 1, 0
    steps[LINE : LINE + refined], origins[LINE : LINE + refined] = 16, 0
    return LineCodec(projection, steps, origins, refined, 1.0)


def _levels(coordinates: Floats) -> tuple[int, int]:
    """The step and origin of 16 values, symmetric around 0, that lie nearest to the coordinates."""
    errors = []
    for step in range(1, LARGEST_STEP + 1):
        lowest = -(15 * step // 2)  # lowest + 15 step is the highest: as far above 0, within 1
        numbers = np.clip(np.rint((coordinates - lowest) / step), 0, 15)
        errors.append(float(((numbers * step + lowest - coordinates) ** 2).mean()))
    step = 1 + int(np.argmin(errors))
    return step, MIDDLE - 15 * step // 2


def _ranks(
    codec: LineCodec, principal: Principal, chosen: NDArray[np.int64], nearest: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many others are nearer by code than each of the nearest of the chosen vectors."""
    decoded = codec.decode(codec.encode(principal.sample, vnni=True)[: len(principal.sample)])
    projection = codec.projection
    coordinates = principal.floats[chosen] @ projection.weights * projection.scale - projection.shift
    asked = np.clip(np.rint(codec.places_in_use(coordinates)), -127, 127).astype(np.float32)
    squared = np.einsum("ij,ij->i", decoded, decoded) - 2 * asked @ decoded.T
    squared[np.arange(len(chosen)), chosen] = np.inf
    ranks = np.zeros(nearest.shape, np.int64)
    count_nearer(squared, np.take_along_axis(squared, nearest, axis=1), ranks)
    return ranks.ravel()


@fast_kernel
def count_nearer(squared: Floats, limits: Floats, ranks: NDArray[np.int64]) -> None:
    """ranks[i, j] = how many of squared[i] are below limits[i, j], for (m, n) and (m, few).

    >>> ranks = np.zeros((1, 2), np.int64)
    >>> count_nearer(np.float32([[3, 1, 2]]), np.float32([[2, 9]]), ranks)
    >>> ranks.tolist()
    [[1, 3]]
    """
    for i in range(squared.shape[0]):
        for j in range(limits.shape[1]):
            limit, below = limits[i, j], 0
            for other in range(squared.shape[1]):
                below += squared[i, other] < limit
            ranks[i, j] = below
