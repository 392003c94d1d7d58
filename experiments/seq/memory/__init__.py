"""How far back do networks remember?

How far back do an RNN, a GRU, an LSTM and attention remember, in accuracy and in gradient?

A symbol is shown once and has to be named after a number of blank steps, by networks trained at many learning rates
with two budgets; the gradient is followed back to the first step of untrained networks; attention is tried for what it
does in parallel.

Notes: RNN and self-attention layers; RNN, LSTM, GRU and Transformer.

Source: Bengio, Simard, Frasconi: Learning Long-Term Dependencies with Gradient Descent is Difficult, IEEE Trans.
Neural Networks 5(2), 1994; Hochreiter, Schmidhuber: Long Short-Term Memory, Neural Computation 9(8), 1997;
Jozefowicz, Zaremba, Sutskever: An Empirical Exploration of Recurrent Network Architectures, ICML 2015; Vaswani et
al.: Attention Is All You Need, NeurIPS 2017.
"""

from __future__ import annotations

from experiments.lab.answers import listing, mean, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table, plain_setup
from experiments.seq.memory import accuracy, gradients, laws
from experiments.seq.memory.setup import Params


def answer(findings: Findings, rows: Rows) -> str:
    trained = accuracy.at_tuned_rates(rows.of(accuracy.PART))
    far = [row for row in trained if row.farthest]
    cells = dict.fromkeys(row.case for row in far)
    said = listing(f"{percent(mean(far, 'solved', case=cell))} of {accuracy.NAMES[cell]}" for cell in cells)
    return (
        f"Every symbol is named after {far[0].lag} blank steps and {far[0].updates} updates, each network at its best "
        f"learning rate, in {said}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=plain_setup,
    parts=(laws.PART, gradients.PART, accuracy.PART),
    answer=answer,
    headline=Headline(
        accuracy.PART,
        Table(
            "After all updates, each network at its best learning rate",
            by=("lag", "case", "lr"),
            columns=("solved", "accuracy", "probability"),
        ),
        pick=accuracy.at_tuned_rates,
    ),
)
