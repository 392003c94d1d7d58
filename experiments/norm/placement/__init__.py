"""Where should normalization stand?

Where should the normalization of a residual block stand: does post-norm train better, or regularize more?

Transformers over the rows of small images, trained in every place and at every learning rate of one grid, with and
without warm-up. The rate of each arm is chosen on validation images. Gradients before training: norm.gradients.

Changed after results had been seen: whether post-norm regularizes more was first judged by the gap alone, then also by
the activations, which no data could refute, and by weights at pre-norm's rate; whether it fails more often was a share
of five rates. Both are judged anew, each arm at its own rate, under rules written before the first run of theirs. Of
four predictions on convergence two were withdrawn, 2 blocks without and 12 with warm-up, on which no source speaks.

Notes: post-norm and pre-norm.

Source: Xiong et al.: On Layer Normalization in the Transformer Architecture, ICML 2020; Takase et al.: On Layer
Normalizations and Residual Connections in Transformers, 2022; Wang et al.: DeepNet: Scaling Transformers to 1,000
Layers, 2022; Ding et al.: CogView, 2021 (sandwich).
"""

from __future__ import annotations

from experiments.lab.answers import listing, mean, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.norm.placement.setup import Params, prepare
from experiments.norm.placement.training import PART, at_best


def answer(findings: Findings, rows: Rows) -> str:
    tuned = at_best(rows.of(PART))
    depths = sorted({row.depth for row in tuned})
    said = []
    for depth in dict.fromkeys((depths[0], depths[-1])):
        placements = dict.fromkeys(row.placement for row in tuned)
        accuracies = {name: mean(tuned, "test_accuracy", placement=name, depth=depth) for name in placements}
        said.append(f"with {depth} blocks {listing(f'{name} {percent(value)}' for name, value in accuracies.items())}")
    images = "these 1,797 digits" if tuned[0].dataset == "digits" else tuned[0].dataset
    where = "where the normalization stands, each at its best learning rate"
    return f"Test accuracy on {images} by {where}: {'; '.join(said)}."


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(PART,),
    answer=answer,
    headline=Headline(
        PART,
        Table(
            "Each placement at the learning rate and warm-up that validation chose",
            by=("depth", "placement", "warmup", "lr"),
            columns=("test_accuracy", "gap"),
        ),
        pick=at_best,
    ),
)
