"""What does pooling do, cost and hide?

What does pooling do: which kinds are there, what do they cost, and what do they make a network blind to?

Laws on random maps; features of random networks, with the same weights with and without pooling, under shift, rotation
and scale; and networks trained at learning rates that validation chose, one pooling each.

Notes: pooling; pooling layers.

Source: Zhang, Making Convolutional Networks Shift-Invariant Again, ICML 2019; Azulay, Weiss, Why Do Deep Convolutional
Networks Generalize so Poorly to Small Image Transformations?, JMLR 20, 2019.
"""

from __future__ import annotations

from experiments.cnn.pooling import comparisons, costs, kinds, laws, moves, training
from experiments.cnn.pooling.setup import EQUAL_FLOPS, Params, prepare
from experiments.lab.answers import listing, mean, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table

TOLD = {"max": "max pooling", "avg": "average pooling", EQUAL_FLOPS: "none at equal FLOPs"}


def answer(findings: Findings, rows: Rows) -> str:
    tuned = rows.of(training.TUNED)
    trained = list(dict.fromkeys(row.arm for row in tuned))
    told = [arm for arm in TOLD if arm in trained] or trained[:3]
    right, kept = (
        {arm: percent(mean(tuned, column, arm=arm)) for arm in told} for column in ("test_accuracy", "shift_agreement")
    )
    accuracies = listing(f"{right[arm]} with {TOLD.get(arm, arm)}" for arm in told)
    stays = f"A small shift of the image leaves {listing(kept.values())} of their predictions as they were"
    images = "these 1,797 digits" if tuned[0].dataset == "digits" else tuned[0].dataset
    return f"Each at its best learning rate, test accuracy on {images} is {accuracies}. {stays}."


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(
        laws.PART,
        costs.PART,
        kinds.PARAMETERS,
        kinds.KINDS,
        moves.RANDOM,
        training.SWEEP,
        training.TUNED,
        moves.MOVED,
    ),
    claims=comparisons.CLAIMS,
    answer=answer,
    headline=Headline(training.TUNED, Table("Poolings at a glance", by=("arm",), columns=training.GLANCE)),
)
