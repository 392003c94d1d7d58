"""The three axioms of a norm, for every order p >= 1, for p = 1/2 and for the count of non-zeros."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from experiments.foundation.statements.trials import TrialRow, distinct, instances_by_case, trials_of, tried
from experiments.lab.experiment import Part, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Observed
from experiments.lab.judge.rules import Fact, Theorem, Under
from experiments.math.core.norms import nonzeros, triangle_excess, vector_length
from experiments.math.norms.setup import ROUNDING, Floats, Vectors

AXIOMS = ("triangle", "homogeneous", "definite")
EAST, NORTH = np.eye(2)


def run(vectors: Vectors) -> Iterator[TrialRow]:
    for drawn in vectors.instances():
        for p in vectors.params.orders:
            if p >= 1:
                yield from axiom_trials(drawn.sides, drawn.factor, p)
        yield from counting_trials(drawn.sparse)
        yield half_trial()


def axiom_trials(sides: Floats, factor: float, p: float) -> Iterator[TrialRow]:
    """Triangle, homogeneity and definiteness of ||.||_p on vectors (2, n).

    Controls: p = 1/2 on two axes; the squared length; the largest less the smallest entry, which is 0 at (1, ..., 1).
    """
    x, y = sides
    length, zero = float(vector_length(x, p)), float(vector_length(np.zeros(len(x)), p))
    stretched = float(vector_length(factor * x, p)) / (abs(factor) * length)
    errors = {
        "triangle": (triangle_excess(x, y, p), triangle_excess(EAST, NORTH, 0.5)),
        "homogeneous": (abs(stretched - 1), abs(factor**2 / abs(factor) - 1)),
        "definite": (zero + float(length <= 0), float(np.ptp(np.ones(len(x))) == 0)),
    }
    for axiom, (error, control) in errors.items():
        yield TrialRow(statement=axiom, case=f"p = {p:g}", error=error, control_error=control)


def counting_trials(sparse: Floats) -> Iterator[TrialRow]:
    """The "L0 norm" of vectors (2, n) with zeros: it counts, obeys the triangle inequality, is not homogeneous."""
    x, y = sparse
    count, total = int(nonzeros(x)), float(np.abs(x).sum())
    excess = max(0, int(nonzeros(x + y)) - count - int(nonzeros(y)))
    errors: dict[str, tuple[float, float]] = {
        "counts non-zeros": (abs(count - sum(entry != 0 for entry in x.tolist())), abs(total - count)),
        "triangle inequality": (excess, float(vector_length(EAST + NORTH, 0.5)) - 2),
        "homogeneity": (abs(int(nonzeros(2 * x)) / (2 * count) - 1), abs((2 * x) @ (2 * x) / (2 * (x @ x)) - 1)),
    }
    twice = {"homogeneity": "x = (1, 0): 2x has 1 non-zero entry, twice that of x is 2"}
    for case, (error, control) in errors.items():
        yield TrialRow(
            statement="L0",
            case=case,
            error=float(error),
            control_error=float(control),
            counterexample=twice.get(case, ""),
        )


def half_trial() -> TrialRow:
    """The triangle inequality for p = 1/2 on two axes; the control is p = 1/4."""
    length = float(vector_length(EAST + NORTH, 0.5))
    return TrialRow(
        statement="p = 1/2",
        case="triangle inequality",
        error=triangle_excess(EAST, NORTH, 0.5),
        control_error=triangle_excess(EAST, NORTH, 0.25),
        counterexample=f"x = (1, 0) and y = (0, 1) have length 1 for p = 1/2, their sum has {length:g} > 2",
    )


def by_axiom(rows: Sequence[TrialRow]) -> Mapping[str, Instances]:
    return {axiom: tried(trials_of(rows, axiom)) for axiom in AXIOMS}


def two_axes(rows: Sequence[TrialRow]) -> Instances:
    """One example, the same for every seed."""
    return tried(distinct(trials_of(rows, "p = 1/2")))


def lawful_orders(rows: Sequence[TrialRow]) -> list[str]:
    """The orders that obeyed all axioms in all trials."""
    asked = [row for row in rows if row.statement in AXIOMS]
    broken = {row.case for row in asked if not row.error <= ROUNDING}
    return [case for case in dict.fromkeys(row.case for row in asked) if case not in broken]


def further_norms(rows: Sequence[TrialRow]) -> Observed:
    """Orders that obey all axioms, besides the three that the notes know."""
    return Observed(sorted({*lawful_orders(rows)} - {"p = 1", "p = 2", "p = inf"}))


PART = Part(
    name="axioms",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "lengths_obey_the_axioms_of_a_norm",
            statement="(sum |x_i|^p)^(1/p) is a norm if p >= 1: zero only for 0, homogeneous, no detour is shorter.",
            rule=Under(
                {
                    "triangle": Theorem("||x + y|| <= ||x|| + ||y||", control="p = 1/2", tolerance=ROUNDING),
                    "homogeneous": Theorem("||s x|| = |s| ||x||", control="the squared length", tolerance=ROUNDING),
                    "definite": Theorem("only 0 has length 0", control="max x_i - min x_i", tolerance=ROUNDING),
                }
            ),
            measure=by_axiom,
            topic="Norms, axioms",
            predicted="holds",
            source="Horn and Johnson 2013",
        ),
        Claim(
            "there_are_only_three_norms",
            statement="L1, L2 and the largest entry are all the norms there are.",
            rule=Fact("the list of other orders tried that obey all three axioms", expected=[]),
            measure=further_norms,
            topic="Kinds of norms",
            predicted="refuted",
            source="Horn and Johnson 2013: the l_p norms",
        ),
        Claim(
            "nonzero_count_is_a_norm",
            statement="The L0 norm, the number of non-zero entries, is a norm.",
            rule=Under(
                {
                    "counts non-zeros": Theorem("it counts them", control="the sum of magnitudes"),
                    "triangle inequality": Theorem("x + y has no more than x and y", control="p = 1/2"),
                    "homogeneity": Theorem("2x has twice as many as x", control="the squared length"),
                }
            ),
            measure=instances_by_case("L0"),
            topic="L0 norm",
            predicted={"counts non-zeros": "holds", "triangle inequality": "holds", "homogeneity": "refuted"},
            source="the count does not change with the factor",
        ),
        Claim(
            "exponents_below_one_give_norms",
            statement="(sum |x_i|^p)^(1/p) is a norm for p = 1/2 too.",
            rule=Theorem("the triangle inequality on (1, 0) and (0, 1)", control="p = 1/4", tolerance=ROUNDING),
            measure=two_axes,
            topic="Kinds of norms, p below 1",
            predicted="refuted",
            source="(1 + 1)^2 = 4 > 2",
        ),
    ),
    tables=(Table(title="Axioms and their controls", by=("statement", "case"), columns=("error", "control_error")),),
)
