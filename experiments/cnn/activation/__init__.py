"""What does an activation change?

What does an activation function change: its derivative, the size of the signal, and whether a deep network trains?

Derivatives and gains against closed forms and torch's; signals through random networks of twenty layers; and
convolutional networks that differ in the activation alone, each at the learning rate that validation chose.

Changed after results had been seen: more images and steps, since a network of eight convolutions that has hardly been
trained shows little of what an activation is for, and all test images; dead channels are counted at ten times the best
rate instead of the largest of the grid.

Notes: activation functions; derivative of the sigmoid.

Source: Glorot, Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010; He et al.,
Delving Deep into Rectifiers, 2015; Klambauer et al., Self-Normalizing Neural Networks, 2017.
"""

from __future__ import annotations

from experiments.cnn.activation import comparisons, laws, start, training
from experiments.cnn.activation.setup import Params, prepare
from experiments.lab.answers import listing, mean, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    tuned = [row for row in rows.of(training.TUNED) if "," not in row.arm]
    right = {row.arm: mean(tuned, "test_accuracy", arm=row.arm) for row in tuned}
    best, worst = (choose(right, key=lambda name: right[name]) for choose in (max, min))
    told = dict.fromkeys(name for name in (best, "relu", worst) if name in right)
    words = {"identity": "no activation", "relu": "ReLU"}
    said = listing(f"{percent(right[name])} with {words.get(name, name)}" for name in told)
    return f"Each at its best learning rate, test accuracy is {said}."


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, laws.GAINS, start.SIGNALS, start.START, training.SWEEP, training.TUNED),
    claims=comparisons.CLAIMS,
    answer=answer,
    headline=Headline(training.TUNED, Table("Tuned", by=("arm",), columns=("test_accuracy", "train_accuracy"))),
)
