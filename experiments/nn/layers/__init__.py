"""What does each layer compute?

What does each layer of a neural network really compute?

Neurons, fully connected layers, convolutions, dropout, batch normalization and containers of torch against formulas of
numpy and scipy; then deep perceptrons with and without batch normalization, at the rate that is fastest on other seeds,
and perceptrons on random labels.

Changed after results had been seen: the fastest rate used to be chosen on the steps that were judged, and that batch
normalization always works, false for a batch of one by definition, was part of the same claim.

Notes: neurons, weights, biases, activations; layers of torch.nn; dropout.

Source: Ioffe, Szegedy: Batch Normalization, 2015; Santurkar et al.: How Does Batch Normalization Help Optimization?,
2018; Srivastava et al.: Dropout, JMLR 2014; Zhang et al.: Understanding Deep Learning Requires Rethinking
Generalization, 2017; documentation of torch.nn.
"""

from __future__ import annotations

from experiments.foundation.statements.trials import trials_of
from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.nn.layers import laws, training
from experiments.nn.layers.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    off = max(row.error for row in trials_of(rows.of(laws.PART), "neuron"))
    trained, remembered = rows.of(training.PART), rows.of(training.MEMORY)
    tuned = training.at_fastest_rates(trained)
    init = tuned[0].init
    without, with_norm = (mean(tuned, "steps_to_target", init=init, batch_norm=norm) for norm in (False, True))
    return (
        f"A neuron is torch's within {number(off, 1)}. At its fastest rate a perceptron with {init} weights needs "
        f"{number(without)} steps without and {number(with_norm)} with batch normalization, and on random labels "
        f"{percent(mean(remembered, 'train_accuracy'))} of {remembered[0].images} images are learned by heart."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, training.PART, training.MEMORY),
    answer=answer,
    headline=Headline(
        training.PART,
        Table(
            "With and without batch normalization, each at its fastest learning rate",
            by=("init", "batch_norm", "lr"),
            columns=("steps_to_target", "train_accuracy"),
        ),
        pick=training.at_fastest_rates,
    ),
)
