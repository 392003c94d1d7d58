"""Which lengths are norms?

Which lengths are norms, and what do their names mean for vectors and for matrices?

The axioms on random vectors for orders p >= 1, p = 1/2 and the count of non-zeros; inequalities, distances, torch's
matrix norms by name, and lengths near the ends of float64.

Notes: norms; L0, L1, L2 and distances.

Source: Horn, Johnson: Matrix Analysis, 2nd edition, 2013, chapter 5; documentation of torch.linalg.norm.
"""

from __future__ import annotations

from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.math.norms import axioms, balls, laws
from experiments.math.norms.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    tried = rows.of(axioms.PART)
    lawful = [order.removeprefix("p = ") for order in axioms.lawful_orders(tried)] or ["none that was tried"]
    half = 1 + mean(tried, "error", statement="p = 1/2")
    unlike = findings["matrix_norms_are_vector_norms_of_the_entries"].under("refuted")
    return (
        f"All three axioms are met by (sum |x_i|^p)^(1/p) with p = {listing(lawful)}; "
        f"with p = 1/2 the sum of (1, 0) and (0, 1) is {number(half)} times as long as the two together. "
        f"Of a matrix's norms, {listing(unlike)} differ from the vector norm of its entries."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(axioms.PART, laws.PART, balls.PART),
    answer=answer,
    headline=Headline(
        part=axioms.PART,
        table=Table(
            title="How far a length breaks what is asked of a norm",
            by=("statement", "case"),
            columns=("error",),
            only={"statement": ("triangle", "L0", "p = 1/2")},
        ),
    ),
)
