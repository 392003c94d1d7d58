"""Is a larger dot product more similar?

When does a larger dot product mean more similar, and which rules of vector and matrix products hold as taught?

The laws are tried on random vectors and matrices, the rule for shapes on all small matrices and on the other arrays
that torch multiplies; similarity is tried on vectors of equal and unequal length.

Notes: scalars to tensors, dot, elementwise and matrix product; similarity and shape rules.

Source: Strang: Introduction to Linear Algebra, 5th edition, 2016, chapters 1 and 2; documentation of torch.matmul.
"""

from __future__ import annotations

from experiments.lab.answers import listing, mean, percent, verdict
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, plain_setup
from experiments.math.linalg import laws, shapes, similarity
from experiments.math.linalg.setup import SETS, Params


def answer(findings: Findings, rows: Rows) -> str:
    sets = rows.of(similarity.PART)
    shares = {row.vectors: mean(sets, "same_nearest_share", vectors=row.vectors) for row in sets}
    ranked = sorted(shares, key=lambda name: -shares[name])
    found = listing(f"{percent(shares[name])} of {SETS[name]}" for name in dict.fromkeys(ranked[:1] + ranked[-1:]))
    return (
        f"The vector of largest dot product is the one at the smallest angle for {found}. "
        f"The rule of equal inner sizes {verdict(findings['shape_rule_covers_torch_matmul'])}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=plain_setup,
    parts=(laws.PART, shapes.PART, similarity.PART),
    answer=answer,
    headline=Headline(part=similarity.PART, table=similarity.PART.tables[0]),
)
