"""Do gradients vanish in deep networks?

Does a gradient vanish in a chain of sigmoids, by which factor per layer, and what prevents it?

Every layer of a deep network is measured after one backward pass at initialization: the gradient of its weights, that
of its pre-activations, and the factor between neighbors beside mean derivative and weight gain.

Notes: vanishing gradients and sigmoid; ReLU against vanishing.

Source: Hochreiter: Untersuchungen zu dynamischen neuronalen Netzen, 1991; Glorot, Bengio: Understanding the difficulty
of training deep feedforward neural networks, 2010; He et al.: Delving Deep into Rectifiers, 2015.
"""

from __future__ import annotations

from experiments.grad.vanishing import chains, ends, laws
from experiments.grad.vanishing.setup import Params, prepare
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    ended = rows.of(ends.PART)
    ten = mean(ended, "first_over_last", network="sigmoid, xavier", depth=10)
    deepest = max(row.depth for row in ended if row.network != ends.TRANSFORMER)
    relu = mean(ended, "first_over_last", network="relu, he", depth=deepest)
    sigmoid = mean(ended, "first_over_last", network="sigmoid, xavier", depth=deepest)
    return (
        f"After ten sigmoid layers with Xavier weights the first layer's gradient is {number(ten)} of the last one's. "
        f"At {deepest} layers ReLU with He weights keeps {number(relu)} of it, where sigmoid keeps {number(sigmoid)}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, chains.PART, ends.BLOCKS, ends.PART),
    answer=answer,
    headline=Headline(
        ends.PART,
        Table(
            "The first layer's gradient over the last one's, ten layers deep",
            by=("network",),
            columns=("first_over_last",),
            only={"depth": 10, "network": ends.SHOWN},
        ),
    ),
)
