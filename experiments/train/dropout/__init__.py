"""Does early or late dropout help?

Does dropout help early, against underfitting, and late, against overfitting?

Inverted dropout against its law. Then a small network that underfits and a large one on few images that overfits, each
trained without dropout, with it throughout, and until a cutoff or from it on, at learning rate, dropout rate and cutoff
by validation.

Notes: dropout, early and late.

Source: Liu et al.: Dropout Reduces Underfitting, ICML 2023; Srivastava et al.: Dropout, JMLR 15, 2014.
"""

from __future__ import annotations

from experiments.lab.answers import listing, mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.train.dropout import laws, training
from experiments.train.dropout.setup import Params, prepare

WORDS = {"none": "no dropout", "standard": "dropout throughout", "early": "early dropout", "late": "late dropout"}


def answer(findings: Findings, rows: Rows) -> str:
    trained = training.at_best(rows.of(training.PART))
    losses, accuracies = (
        listing(
            f"{shown(mean(trained, column, case=case, mode=mode), 4)} with {WORDS[mode]}"
            for mode in training.MODES[case]
        )
        for case, column, shown in (("underfit", "train_loss", number), ("overfit", "test_accuracy", percent))
    )
    return (
        f"The network that underfits ends at a training loss of {losses}. "
        f"The test accuracy of the one that overfits is {accuracies}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, training.PART),
    answer=answer,
    headline=Headline(
        training.PART,
        Table(
            "Dropout by time, each mode as validation chose it",
            by=("case", "mode", "rate", "cutoff", "lr"),
            columns=("train_loss", "test_accuracy", "test_loss"),
        ),
        pick=training.at_best,
    ),
)
