"""How large are transformer gradients?

How large are the gradients of a transformer at initialization, by depth, layer and place of its normalization?

Freshly initialized transformers over the rows of small images: the gradient of every block's second feed-forward
weight, and how that of the last block depends on the number of blocks. The theorem speaks of many blocks, so exponents
are fitted from 8 blocks on; shallower transformers are shown, not fitted.

Changed after results had been seen: exponents were first fitted from 2 blocks on, which left post-norm's and those of
sandwich and DeepNorm undecided; and that the gradient explodes was first a growth of more than tenfold from the last
block to the first, where theory puts pre-norm's, the root of 64 blocks, next to the threshold, and where an explosion
of both goes unseen.

Notes: post-norm and pre-norm; layer, RMS and deep normalization.

Source: Xiong et al.: On Layer Normalization in the Transformer Architecture, ICML 2020, theorem 1; Zhang,
Dauphin, Ma: Fixup Initialization, ICLR 2019; Wang et al.: DeepNet: Scaling Transformers to 1,000 Layers, 2022; Ding et
al.: CogView, 2021 (sandwich).
"""

from __future__ import annotations

from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Rows
from experiments.norm.gradients import networks
from experiments.norm.gradients.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    measured = [row for row in rows.of(networks.PART) if row.normalization == rows.of(networks.PART)[0].normalization]
    deepest = max(row.depth for row in measured)
    ends = {
        placement: mean(measured, "first_over_last", placement=placement, depth=deepest)
        for placement in dict.fromkeys(row.placement for row in measured)
    }
    said = listing(f"{number(ratio, 2)} with {placement}" for placement, ratio in ends.items())
    return (
        f"In a new transformer of {deepest} blocks the first block's gradient is this many times that of the last, by "
        f"where the normalization stands: {said}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(networks.PART, networks.BLOCKS, networks.EXPONENTS),
    answer=answer,
    headline=Headline(part=networks.EXPONENTS, table=networks.TABLE),
)
