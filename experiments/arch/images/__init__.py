"""Do assumptions about images pay?

Does an architecture's assumption about images pay, at equal size, and what is left of it when it is false?

An MLP, a CNN, a ViT and recurrent cells that read an image row by row, with equally many parameters, on images as they
are, with all pixels permuted by one permutation, and with their patches permuted; every network at its own rate.

Notes: MLP, CNN, ViT, RNN, LSTM, GRU, handwriting recognition.

Source: LeCun et al.: Gradient-Based Learning Applied to Document Recognition, 1998; Dosovitskiy et al.: An Image is
Worth 16x16 Words, https://arxiv.org/abs/2010.11929, 2021; Hochreiter, Schmidhuber: Long Short-Term Memory, 1997.
"""

from __future__ import annotations

from experiments.arch.images import laws, training
from experiments.arch.images.setup import Params, prepare
from experiments.lab.answers import listing, mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    best = training.shown(rows.of(training.PART))
    sentences = []
    for order in dict.fromkeys(row.order for row in best):
        shares = {
            name: mean(best, "test_accuracy", network=name, order=order)
            for name in dict.fromkeys(row.network for row in best)
        }
        sentences.append(f"{order}, {listing(f'{name} {percent(share)}' for name, share in shares.items())}")
    size = number(mean(best, "parameters"), 2)
    return f"With {best[0].labels:,} labels networks of {size} parameters recognize: {'; '.join(sentences)}."


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, training.PART),
    answer=answer,
    headline=Headline(
        training.PART,
        Table(
            "Every network at the rate that validation chose",
            by=("labels", "network", "order"),
            columns=("test_accuracy", "lr", "parameters", "flops"),
        ),
        pick=training.shown,
    ),
)
