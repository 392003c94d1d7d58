"""The laws of norms, tried on random vectors and matrices: axioms, order, agreement with scipy, torch's names.

Errors are relative to the lengths involved, so 0 is a law that holds exactly and rounding is a few eps. Controls
are lengths that break the law: p = 1/2, the count of non-zeros, a constant that is too small.
Source: Golub, Van Loan: Matrix Computations, 4th edition, 2013, sections 2.2 and 2.3.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.distance import chebyshev, cityblock, euclidean

from experiments.foundation.statements.trial import Trial
from experiments.math.core.norms import (
    MATRIX_NORMS,
    distance,
    matrix_norm,
    naive_length,
    nonzeros,
    vector_length,
)

Floats = NDArray[np.float64]


def triangle_excess(x: Floats, y: Floats, p: float) -> float:
    """max(0, ||x + y||_p / (||x||_p + ||y||_p) - 1) for vectors (n,)."""
    sides = float(vector_length(x, p) + vector_length(y, p))
    return max(0.0, float(vector_length(x + y, p)) / sides - 1)


def axiom_trials(rng: np.random.Generator, n: int, orders: tuple[float, ...], scale: float) -> list[Trial]:
    """Triangle, homogeneity and definiteness of ||.||_p for every p >= 1 in ``orders``, on vectors (n,) of size
    ``scale``.

    Controls: p = 1/2 on two axes; a length that keeps the factor's sign; max - min, which is 0 at (1, ..., 1).
    """
    x, y = scale * rng.standard_normal((2, n))
    factor = float(rng.uniform(-3, 3))
    first, second = np.eye(max(n, 2))[:2] * scale
    detour, vanishes = triangle_excess(first, second, 0.5), float(np.ptp(np.ones(n)) == 0)
    trials = []
    for p in (order for order in orders if order >= 1):
        length = float(vector_length(x, p))
        scaled = abs(float(vector_length(factor * x, p)) / (abs(factor) * length) - 1)
        signed = abs(factor * length / (abs(factor) * length) - 1) if factor < 0 else abs(factor**2 / abs(factor) - 1)
        zero = float(vector_length(np.zeros(n), p))
        case = f"p = {p:g}"
        trials += [
            Trial(part="triangle", case=case, error=triangle_excess(x, y, p), control_error=detour),
            Trial(part="homogeneous", case=case, error=scaled, control_error=signed),
            Trial(part="definite", case=case, error=zero + float(length <= 0), control_error=vanishes),
        ]
    return trials


def distance_trials(rng: np.random.Generator, n: int) -> list[Trial]:
    """||x - y||_p against scipy's cityblock, euclidean and chebyshev; the control compares with the neighboring
    order.
    """
    x, y = rng.standard_normal((2, n))
    peers = {"Manhattan": (1.0, cityblock), "Euclid": (2.0, euclidean), "largest difference": (math.inf, chebyshev)}
    wrong = {"Manhattan": 2.0, "Euclid": 1.0, "largest difference": 2.0}
    trials = []
    for case, (p, peer) in peers.items():
        truth = float(peer(x, y))
        error, control = (abs(float(distance(x, y, order)) / truth - 1) for order in (p, wrong[case]))
        trials.append(Trial(part="distance", case=case, error=error, control_error=control))
    return trials


def order_trials(rng: np.random.Generator, n: int) -> list[Trial]:
    """||x||_inf <= ||x||_2 <= ||x||_1 <= sqrt(n) ||x||_2; the control is the last with sqrt(n) / 2 at x = (1, ...,
    1).
    """
    x = rng.standard_normal(n)
    largest, euclid, total = (float(vector_length(x, p)) for p in (math.inf, 2.0, 1.0))
    ones = np.ones(n)
    too_small = float(vector_length(ones, 1)) / (math.sqrt(n) / 2 * float(vector_length(ones, 2))) - 1
    steps = {"inf <= 2": largest / euclid, "2 <= 1": euclid / total, "1 <= sqrt(n) 2": total / (math.sqrt(n) * euclid)}
    return [
        Trial(part="order", case=case, error=max(0.0, quotient - 1), control_error=too_small)
        for case, quotient in steps.items()
    ]


def matrix_name_trials(rng: np.random.Generator, shape: tuple[int, int]) -> list[Trial]:
    """torch's matrix norms against the vector norm of all entries that their number suggests; every case has its
    true name.

    The witness says which of our definitions torch's value equals.
    """
    matrix = (rng.integers(1, 6, shape) * rng.choice([-1, 1], shape)).astype(np.float64)
    tensor = torch.from_numpy(matrix)
    values = {
        "no order": (float(torch.linalg.norm(tensor)), 2.0),
        "order 1": (float(torch.linalg.matrix_norm(tensor, 1)), 1.0),
        "order 2": (float(torch.linalg.matrix_norm(tensor, 2)), 2.0),
        "order inf": (float(torch.linalg.matrix_norm(tensor, math.inf)), math.inf),
    }
    ours = {name: matrix_norm(matrix, name) for name in MATRIX_NORMS}
    trials = []
    for case, (value, p) in values.items():
        entries = float(vector_length(matrix.ravel(), p))
        names = [name for name, norm in ours.items() if abs(norm - value) <= 1e-9 * max(1.0, value)]
        off = abs(value - entries) / entries
        shown = f"{matrix.astype(int).tolist()}: torch gives {value:.4g}, which is {' and '.join(names)}"
        nuclear = abs(ours["nuclear"] - entries) / entries
        trials.append(
            Trial(
                part="matrix",
                case=case,
                error=off,
                control_error=nuclear,
                witness=f"{shown}; its entries have length {entries:.4g}",
            )
        )
    return trials


def counting_trials(rng: np.random.Generator, n: int) -> list[Trial]:
    """The L0 "norm": counts non-zeros, obeys the triangle inequality, is not homogeneous; p = 1/2 breaks the
    triangle.
    """
    x = np.where(rng.random(n) < 0.5, 0.0, rng.integers(1, 5, n)).astype(np.float64)
    y = np.where(rng.random(n) < 0.5, 0.0, rng.integers(1, 5, n)).astype(np.float64)
    x[0] = 1.0
    count, doubled = int(nonzeros(x)), int(nonzeros(2 * x))
    excess = max(0, int(nonzeros(x + y)) - count - int(nonzeros(y)))
    unit_x, unit_y = np.eye(max(n, 2))[:2]
    half = float(vector_length(unit_x + unit_y, 0.5))
    total, listed = float(np.abs(x).sum()), sum(entry != 0 for entry in x.tolist())
    entries = int(nonzeros(unit_x))
    twice = f"x = (1, 0): 2x has {int(nonzeros(2 * unit_x))} non-zero entry, twice that of x is {2 * entries}"
    corner = f"x = (1, 0) and y = (0, 1) have length 1 for p = 1/2, their sum has {half:g} > 2"
    return [
        Trial(part="L0", case="counts non-zeros", error=float(abs(count - listed)), control_error=abs(total - count)),
        Trial(part="L0", case="triangle inequality", error=float(excess), control_error=half - 2),
        Trial(part="L0", case="homogeneity", error=abs(doubled / (2 * count) - 1), control_error=0.0, witness=twice),
        Trial(part="p = 1/2", case="triangle inequality", error=half / 2 - 1, control_error=0.0, witness=corner),
    ]


def range_trials(rng: np.random.Generator, n: int, scales: tuple[float, ...]) -> list[Trial]:
    """||s x||_2 = s ||x||_2 over the range of float64; the control takes the square root of the sum of squares as
    written.
    """
    x = rng.standard_normal(n)
    length = float(vector_length(x, 2))
    trials = []
    for scale in scales:
        expected = scale * length
        errors = [abs(float(found) / expected - 1) for found in (vector_length(scale * x, 2), naive_length(scale * x))]
        error, naive = (min(error, 1e300) for error in errors)
        trials.append(Trial(part="range", case=f"{scale:g}", error=error, control_error=naive))
    return trials
