"""Which lengths are norms, and what do their names mean for vectors and for matrices?

Axioms, inequalities and distances on random vectors, torch's matrix norms by name, the count of non-zeros and p <
1 against the axioms, and lengths near the ends of float64.

Notes: norms (002:64-66); L0, L1, L2 and distances (004:25-29, 54-56).
Source: Horn, Johnson: Matrix Analysis, 2nd edition, 2013, chapter 5; documentation of torch.linalg.norm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.foundation.statements.instances import judge_instances, select
from experiments.lab.experiment import CHECKED, Curve, Drawing, Event, Experiment, Table
from experiments.lab.judge.claims import Claim, Comparison, conditional, fact
from experiments.math.instances import InstanceRow, row_of

NAN = float("nan")
ROUNDING = 1e-13
"""Relative; sums of n <= 1e4 terms in float64 stay below n eps = 2e-12 in the worst case and far below it at random."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    n: Annotated[int, Field(ge=2, le=10_000)] = 20
    """Entries of a vector."""
    orders: tuple[Annotated[float, Field(gt=0)], ...] = (0.5, 1.0, 2.0, 4.0, float("inf"))
    """Exponents p: those from 1 on are tried against the axioms, all are drawn."""
    trials: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Random instances of every law."""
    scale: Annotated[float, Field(ge=1e-300, le=1e300)] = 1.0
    """Size of the entries of the vectors for the axioms."""
    scales: tuple[Annotated[float, Field(ge=1e-300, le=1e300)], ...] = (1e-200, 1.0, 1e200)
    """Sizes of entries for which the length is compared with its scaled value."""


@dataclass(frozen=True, kw_only=True)
class Row(InstanceRow):
    x: float = NAN
    """Point of a unit ball's edge."""
    y: float = NAN


def run(params: Params, seed: int) -> Iterator[Event]:
    import numpy as np

    from experiments.math.core import norm_laws as laws

    rng = np.random.default_rng(seed)
    yield from _unit_balls(params)
    for trial in range(params.trials):
        for tried in (
            *laws.axiom_trials(rng, params.n, params.orders, params.scale),
            *laws.distance_trials(rng, params.n),
            *laws.order_trials(rng, params.n),
            *laws.matrix_name_trials(rng, (2, 2)),
            *laws.counting_trials(rng, params.n),
            *laws.range_trials(rng, params.n, params.scales),
        ):
            yield row_of(Row, tried, trial)


def _unit_balls(params: Params) -> Iterator[Event]:
    """The edge of the unit ball of every order, as rows of one quadrant and as one drawing."""
    from experiments.math.core.norms import unit_ball

    balls = {f"p = {p:g}": unit_ball(p) for p in params.orders}
    for case, ball in balls.items():
        for x, y in ball[: len(ball) // 4 + 1]:
            yield Row(part="unit ball", case=case, x=float(x), y=float(y))
    cells = tuple(tuple((float(x), float(y)) for x, y in ball) for ball in balls.values())
    marks = tuple(
        (case, float(ball[len(ball) // 8, 0]), float(ball[len(ball) // 8, 1])) for case, ball in balls.items()
    )
    yield Drawing(name="unit_balls", title="Vectors of length 1", points=(), cells=cells, marks=marks)


def lengths_obey_the_axioms_of_a_norm(rows: Sequence[Row]) -> Comparison:
    axioms = ("triangle", "homogeneous", "definite")
    return conditional({axiom: judge_instances(select(rows, axiom), ROUNDING) for axiom in axioms})


def distances_are_lengths_of_differences(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "distance"), ROUNDING)


def norms_bound_each_other(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "order"), ROUNDING)


def matrix_norms_are_vector_norms_of_the_entries(rows: Sequence[Row]) -> Comparison:
    cases = dict.fromkeys(row.case for row in select(rows, "matrix"))
    return conditional({case: judge_instances(select(rows, "matrix", case), ROUNDING) for case in cases})


def there_are_only_three_norms(rows: Sequence[Row]) -> Comparison:
    """A further order counts if it obeys all axioms and gives unit balls of its own; orders 1, 2 and inf are the
    three.
    """
    three = {"p = 1", "p = 2", "p = inf"}
    tried = [row for axiom in ("triangle", "homogeneous", "definite") for row in select(rows, axiom)]
    further = {row.case for row in tried} - three
    lawful = sorted(case for case in further if all(row.error <= ROUNDING for row in tried if row.case == case))
    return fact(lawful, [])


def nonzero_count_is_a_norm(rows: Sequence[Row]) -> Comparison:
    cases = ("counts non-zeros", "triangle inequality", "homogeneity")
    return conditional({case: judge_instances(select(rows, "L0", case)) for case in cases})


def exponents_below_one_give_norms(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "p = 1/2"), ROUNDING)


def scaled_length_survives_extreme_numbers(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "range"), ROUNDING)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="(sum |x_i|^p)^(1/p) is a norm if p >= 1: zero only for 0, homogeneous, no detour is shorter.",
            notes="Norms (002:64-66)",
            kind="conditional",
            rule=(
                "Per axiom: relative violation <= 1e-13 on all instances; p = 1/2, a signed scale and a constant "
                "must fail."
            ),
            predicted="holds",
            judge=lengths_obey_the_axioms_of_a_norm,
        ),
        Claim(
            statement="Manhattan and Euclidean distance are the L1 and L2 norms of the difference.",
            notes="Distances (004:54-56)",
            kind="theorem",
            rule=(
                "Relative difference to scipy's distances <= 1e-13 on all instances; the neighboring order must differ."
            ),
            predicted="holds",
            judge=distances_are_lengths_of_differences,
        ),
        Claim(
            statement="Of any vector of n entries: largest entry <= L2 <= L1 <= sqrt(n) L2.",
            notes="Norms (002:64-66)",
            kind="theorem",
            rule="No quotient exceeds 1 by more than 1e-13; sqrt(n) / 2 in place of sqrt(n) must fail at (1, ..., 1).",
            predicted="holds",
            judge=norms_bound_each_other,
        ),
        Claim(
            statement="L1, L2 and the largest entry are all the norms there are.",
            notes="Kinds of norms (002:65)",
            kind="fact",
            rule="No other order tried obeys all three axioms.",
            predicted="refuted",
            judge=there_are_only_three_norms,
        ),
        Claim(
            statement="A matrix norm of order 1, 2 or inf is the vector norm of the matrix's entries.",
            notes="Kinds of norms (002:65)",
            kind="conditional",
            rule=(
                "Per order given to torch.linalg: equal to the vector norm of all entries within 1e-13 on all matrices."
            ),
            predicted="conditional",
            judge=matrix_norms_are_vector_norms_of_the_entries,
        ),
        Claim(
            statement="The L0 norm, the number of non-zero entries, is a norm.",
            notes="L0 norm (004:26)",
            kind="conditional",
            rule="It counts; it obeys the triangle inequality; doubling a vector doubles it: each on all instances.",
            predicted="conditional",
            judge=nonzero_count_is_a_norm,
        ),
        Claim(
            statement="(sum |x_i|^p)^(1/p) is a norm for p = 1/2 too.",
            notes="Kinds of norms (002:65)",
            kind="theorem",
            rule="Triangle inequality on (1, 0) and (0, 1).",
            predicted="refuted",
            judge=exponents_below_one_give_norms,
        ),
        Claim(
            statement="A length that divides by its largest entry first is right from 1e-200 to 1e200.",
            notes="L2 norm (004:28)",
            kind="theorem",
            rule="Relative error <= 1e-13 at every scale; the square root of the sum of squares must fail at some.",
            predicted="holds",
            judge=scaled_length_survives_extreme_numbers,
        ),
    ),
    tables=(
        Table(
            title="Laws and their controls",
            by=("part", "case"),
            columns=("error", "control_error"),
            where=lambda row: row.part != "unit ball",
        ),
    ),
    curves=(Curve(name="unit_balls", x="x", y="y", group="case", where=lambda row: row.part == "unit ball"),),
)
