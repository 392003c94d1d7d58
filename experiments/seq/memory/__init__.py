"""How far back do an RNN, a GRU, an LSTM and attention remember, in accuracy and in gradient?

A symbol is shown once and has to be named after a number of blank steps; the gradient is followed back to the
first step of untrained networks; attention is tried for what it does in parallel.

Notes: RNN and self-attention layers; RNN, LSTM, GRU and Transformer.

Source: Bengio, Simard, Frasconi: Learning Long-Term Dependencies with Gradient Descent is Difficult, IEEE Trans.
Neural Networks 5(2), 1994; Hochreiter, Schmidhuber: Long Short-Term Memory, Neural Computation 9(8), 1997;
Jozefowicz, Zaremba, Sutskever: An Empirical Exploration of Recurrent Network Architectures, ICML 2015; Vaswani et
al.: Attention Is All You Need, NeurIPS 2017.
"""

from __future__ import annotations

from experiments.lab.answers import listing, mean, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.seq.memory import accuracy, gradients, linear, parallel
from experiments.seq.memory.setup import Params, prepare

NAMES = {
    "rnn": "the RNN",
    "gru": "the GRU",
    "lstm": "the LSTM",
    "lstm_forget_bias": "the LSTM with a forget bias",
    "transformer": "attention",
}


def answer(findings: Findings, rows: Rows) -> str:
    trained = rows.of(accuracy.PART)
    farthest, chance = max(row.lag for row in trained), trained[0].chance
    cells = dict.fromkeys(row.case for row in trained)
    said = listing(f"{NAMES[cell]} {percent(mean(trained, 'accuracy', case=cell, lag=farthest))}" for cell in cells)
    return f"After {farthest} blank steps, where guessing is right in {percent(chance)}, the symbol is named by {said}."


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(linear.PART, parallel.PART, gradients.PART, accuracy.PART),
    answer=answer,
    headline=Headline(
        accuracy.PART, Table("Accuracy after training", by=("lag", "case"), columns=("accuracy", "chance"))
    ),
)
