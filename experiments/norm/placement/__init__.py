"""Where should the normalization of a residual block stand: does post-norm train better, or regularize more?

Transformers over the rows of small images, trained in every place and at every learning rate of one grid, with and
without warm-up. The rate of each arm is chosen on validation images. Gradients before training: norm.gradients.

Notes: post-norm and pre-norm.

Source: Xiong et al.: On Layer Normalization in the Transformer Architecture, ICML 2020; Wang et al.: DeepNet: Scaling
Transformers to 1,000 Layers, 2022; Ding et al.: CogView, 2021 (sandwich).
"""

from __future__ import annotations

from collections.abc import Mapping

from experiments.lab.answers import listing, mean, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Pairs, Undecided
from experiments.lab.judge.rules import Effect, Ratio, Theorem, Under
from experiments.norm.placement import start, training
from experiments.norm.placement.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    tuned = training.at_best(rows.of(training.PART))
    depths = sorted({row.depth for row in tuned})
    said = []
    for depth in dict.fromkeys((depths[0], depths[-1])):
        placements = dict.fromkeys(row.placement for row in tuned)
        accuracies = {name: mean(tuned, "test_accuracy", placement=name, depth=depth) for name in placements}
        said.append(f"with {depth} blocks {listing(f'{name} {percent(value)}' for name, value in accuracies.items())}")
    return f"Test accuracy by where the normalization stands, each at its best learning rate: {'; '.join(said)}."


def what_post_norm_regularizes(rows: Rows) -> Mapping[str, Instances | Pairs] | Undecided:
    """Trainings in the shallowest setting with the longest warm-up, where both arms train."""
    trained = rows.of(training.PART)
    settings = training.settings(trained)
    if not settings:
        return Undecided("expected trainings of post-norm and pre-norm")
    post, pre = training.arms(trained, settings[0])
    return {
        "activations": start.distance_from_one(rows.of(start.PART)),
        "weights": Pairs(pre.at_its_rate("weight_growth"), post.at_rate(pre.lr, "weight_growth")),
        "generalization": Pairs(pre.at_its_rate("gap"), post.at_its_rate("gap")),
    }


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(start.PART, training.PART),
    claims=(
        Claim(
            "post_norm_regularizes_more",
            statement="Post-norm regularizes the parameters more than pre-norm.",
            rule=Under(
                {
                    "activations": Theorem(
                        "the stream after the last block has rms 1", control="pre-norm's stream", tolerance=1e-3
                    ),
                    "weights": Ratio("growth of pre-norm's weights over post-norm's, both at pre-norm's rate", 1.02),
                    "generalization": Effect("gap of training to test accuracy, pre - post, each at its rate", 0.005),
                }
            ),
            measure=what_post_norm_regularizes,
            topic="Post-norm regularizes more",
            predicted={"activations": "holds", "weights": "refuted", "generalization": "refuted"},
            source="pilot",
        ),
    ),
    answer=answer,
    headline=Headline(
        training.PART,
        Table(
            "Each placement at the learning rate and warm-up that validation chose",
            by=("depth", "placement", "warmup", "lr"),
            columns=("test_accuracy", "gap"),
        ),
        pick=training.at_best,
    ),
)
