"""What does autograd keep and compute?

What does a framework keep and compute when it differentiates: leaves, a tape, a formula, a captured graph?

A reverse-mode tape of our own is compared with torch and sympy; its cost with that of the written-out formula;
torch is asked which tensors keep .grad and what four ways to capture a model make of a data-dependent branch.

Notes: leaf tensors and .grad; backpropagation on a graph, static and dynamic graphs.

Source: Griewank, Walther: Evaluating Derivatives, 2nd edition, 2008; Baydin, Pearlmutter, Radul, Siskind:
Automatic Differentiation in Machine Learning: a Survey, JMLR 18, 2018; PyTorch documentation.
"""

from __future__ import annotations

from experiments.autograd.graph import agreement, capture, cost, tensors
from experiments.autograd.graph.setup import Params, prepare
from experiments.lab.answers import listing, number
from experiments.lab.experiment import Experiment, Findings, Headline, Rows


def answer(findings: Findings, rows: Rows) -> str:
    captured, grown = rows.of(capture.PART), rows.of(cost.GROWTH)
    right = dict.fromkeys(row.way for row in captured if row.outcome == "right")
    wrong = dict.fromkeys(f"{row.way} ({row.outcome.partition(':')[0]})" for row in captured if row.way not in right)
    ratio = max(row.gradient_operations / row.function_operations for row in (*grown, *rows.of(cost.EXPRESSIONS)))
    longest = max((row.formula_operations / row.function_operations for row in grown), default=0)
    written_out = f"; a derivative written out costs up to {number(longest)} times" if longest else ""
    return (
        f"On a tape, function and gradient together cost at most {number(ratio)} times the function{written_out}. "
        "A captured model with a data-dependent branch "
        f"computes the right values by {listing(right)}, and not by {listing(wrong)}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(agreement.PART, cost.GROWTH, cost.EXPRESSIONS, tensors.PART, capture.PART),
    claims=(cost.CHEAP,),
    answer=answer,
    headline=Headline(part=capture.PART, table=capture.PART.tables[0]),
)
