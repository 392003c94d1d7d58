"""What the names of norms mean: distances, inequalities between norms, torch's matrix norms, and extreme numbers.

Errors are relative to the lengths involved, so 0 is a law that holds exactly and rounding is a few eps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from experiments.foundation.statements.trials import TrialRow, instances, instances_by_case
from experiments.lab.experiment import Part, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Each, Theorem
from experiments.math.core.norms import MATRIX_NORMS, distance, matrix_norm, naive_length, vector_length
from experiments.math.norms.setup import ROUNDING, Floats, Vectors


def run(vectors: Vectors) -> Iterator[TrialRow]:
    for drawn in vectors.instances():
        yield from distance_trials(drawn.ends)
        yield from order_trials(drawn.vector)
        yield from matrix_name_trials(drawn.matrix)
        yield from range_trials(drawn.scaled, vectors.params.scales)


def distance_trials(ends: Floats) -> Iterator[TrialRow]:
    """||x - y||_p of vectors (2, n) against scipy; the control takes the neighboring order."""
    from scipy.spatial.distance import chebyshev, cityblock, euclidean

    peers = {
        "Manhattan": (cityblock, 1.0, 2.0),
        "Euclid": (euclidean, 2.0, 1.0),
        "largest difference": (chebyshev, math.inf, 2.0),
    }
    x, y = ends
    for case, (peer, *orders) in peers.items():
        error, control = (abs(float(distance(x, y, p)) / float(peer(x, y)) - 1) for p in orders)
        yield TrialRow(statement="distance", case=case, error=error, control_error=control)


def order_trials(x: Floats) -> Iterator[TrialRow]:
    """||x||_inf <= ||x||_2 <= ||x||_1 <= sqrt(n) ||x||_2; the control is sqrt(n) / 2 at (1, ..., 1)."""
    largest, euclid, total = (float(vector_length(x, p)) for p in (math.inf, 2.0, 1.0))
    root, ones = math.sqrt(len(x)), np.ones(len(x))
    too_small = float(vector_length(ones, 1)) / (root / 2 * float(vector_length(ones, 2))) - 1
    quotients = {"inf <= 2": largest / euclid, "2 <= 1": euclid / total, "1 <= sqrt(n) 2": total / (root * euclid)}
    for case, quotient in quotients.items():
        yield TrialRow(statement="order", case=case, error=max(0.0, quotient - 1), control_error=too_small)


def matrix_name_trials(matrix: Floats) -> Iterator[TrialRow]:
    """torch's norms of a matrix against the vector norm that their order suggests; the control is the nuclear norm.

    The counterexample says which of our definitions torch's value equals.
    """
    import torch

    orders: dict[str, tuple[float | None, float]] = {
        "no order": (None, 2.0),
        "order 1": (1, 1.0),
        "order 2": (2, 2.0),
        "order inf": (math.inf, math.inf),
    }
    ours = {name: matrix_norm(matrix, name) for name in MATRIX_NORMS}
    for case, (order, p) in orders.items():
        value = float(torch.linalg.norm(torch.from_numpy(matrix), order))
        entries = float(vector_length(matrix.ravel(), p))
        names = [name for name, norm in ours.items() if abs(norm - value) <= 1e-9 * max(1.0, value)]
        shown = f"{matrix.astype(int).tolist()}: torch gives {value:.4g}, which is {' and '.join(names)}"
        yield TrialRow(
            statement="matrix",
            case=case,
            error=abs(value - entries) / entries,
            control_error=abs(ours["nuclear"] - entries) / entries,
            counterexample=f"{shown}; its entries have length {entries:.4g}",
        )


def range_trials(x: Floats, scales: tuple[float, ...]) -> Iterator[TrialRow]:
    """||s x||_2 = s ||x||_2 over the range of float64; the control is the square root of the sum of squares."""
    length = float(vector_length(x, 2))
    for scale in scales:
        lengths = float(vector_length(scale * x, 2)), float(naive_length(scale * x))
        error, control = (min(abs(found / (scale * length) - 1), 1e300) for found in lengths)
        yield TrialRow(statement="range", case=f"{scale:g}", error=error, control_error=control)


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "distances_are_lengths_of_differences",
            statement="Manhattan and Euclidean distance are the L1 and L2 norms of the difference.",
            rule=Theorem("they equal scipy's distances", control="the neighboring order", tolerance=ROUNDING),
            measure=instances("distance"),
            topic="Manhattan and Euclidean distance",
            predicted="holds",
            source="Horn and Johnson 2013",
        ),
        Claim(
            "norms_bound_each_other",
            statement="Of any vector of n entries: largest entry <= L2 <= L1 <= sqrt(n) L2.",
            rule=Theorem("no quotient exceeds 1", control="sqrt(n) / 2 at (1, ..., 1)", tolerance=ROUNDING),
            measure=instances("order"),
            topic="Norms, inequalities",
            predicted="holds",
            source="Golub and Van Loan 2013",
        ),
        Claim(
            "matrix_norms_are_vector_norms_of_the_entries",
            statement="A matrix norm of order 1, 2 or inf is the vector norm of the matrix's entries.",
            rule=Each(
                Theorem(
                    "torch.linalg.norm equals the vector norm of all entries",
                    control="the nuclear norm",
                    tolerance=ROUNDING,
                ),
                per="order",
            ),
            measure=instances_by_case("matrix"),
            topic="Kinds of norms, matrices",
            predicted={"no order": "holds", "order 1": "refuted", "order 2": "refuted", "order inf": "refuted"},
            source="documentation of torch.linalg.norm",
        ),
        Claim(
            "scaled_length_survives_extreme_numbers",
            statement="A length that divides by its largest entry first is right from 1e-200 to 1e200.",
            rule=Theorem("||s x|| = s ||x||", control="the square root of the sum of squares", tolerance=ROUNDING),
            measure=instances("range", one_control=True),
            topic="L2 norm, computing it",
            predicted="holds",
            source="Blue 1978, A Portable Fortran Program to Find the Euclidean Norm of a Vector",
        ),
    ),
    tables=(Table(title="Laws and their controls", by=("statement", "case"), columns=("error", "control_error")),),
)
