"""What does each layer of a neural network really compute?

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

from collections.abc import Mapping

from experiments.foundation.statements.trials import trials_of, tried
from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Equivalence, Theorem, Under
from experiments.nn.layers import batch_norm, dropout, laws, memory
from experiments.nn.layers.setup import ROUNDING, Params, prepare

KEPT, IDLE = "survivors are x / (1 - p)", "nothing happens in evaluation"


def what_dropout_does(rows: Rows) -> Mapping[str, Instances | Pairs]:
    tries, ones = rows.of(laws.PART), rows.of(dropout.PART)
    return {
        KEPT: tried(trials_of(tries, "dropout", KEPT)),
        IDLE: tried(trials_of(tries, "dropout", IDLE)),
        "a share p is zero": Pairs(by_seed(ones, "dropped_share"), by_seed(ones, "p")),
        "the mean stays": Pairs.against(by_seed(ones, "mean_output"), 1.0),
    }


def answer(findings: Findings, rows: Rows) -> str:
    off = max(row.error for row in trials_of(rows.of(laws.PART), "neuron"))
    trained, remembered = rows.of(batch_norm.PART), rows.of(memory.PART)
    tuned = batch_norm.at_fastest_rates(trained)
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
    parts=(laws.PART, dropout.PART, batch_norm.PART, memory.PART),
    claims=(
        Claim(
            "dropout_rescales_what_it_keeps",
            statement="Dropout zeroes a share p, divides the rest by 1 - p, keeps the mean and rests in evaluation.",
            rule=Under(
                {
                    KEPT: Theorem("equal", control="unscaled survivors", tolerance=ROUNDING),
                    IDLE: Theorem("equal to the input", control="outputs in training", tolerance=ROUNDING),
                    "a share p is zero": Equivalence("share of zeros and p", margin=0.01),
                    "the mean stays": Equivalence("mean of ones after dropout and 1", margin=0.01),
                }
            ),
            measure=what_dropout_does,
            topic="Dropout",
            predicted="holds",
            source="Srivastava et al. 2014; documentation of torch.nn.Dropout",
        ),
    ),
    answer=answer,
    headline=Headline(
        batch_norm.PART,
        Table(
            "With and without batch normalization, each at its fastest learning rate",
            by=("init", "batch_norm", "lr"),
            columns=("steps_to_target", "train_accuracy"),
        ),
        pick=batch_norm.at_fastest_rates,
    ),
)
