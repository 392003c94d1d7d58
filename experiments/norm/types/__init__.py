"""What do normalizations compute?

What do LayerNorm, RMSNorm, BatchNorm and DeepNorm compute, and what does not change under them?

Own functions are compared with torch.nn on random tensors; the model update of DeepNorm and post-norm is measured over
depth after one step of gradient descent.

Notes: layer, RMS and deep normalization; batch normalization.

Source: Ba, Kiros, Hinton: Layer Normalization, 2016; Zhang, Sennrich: Root Mean Square Layer Normalization, 2019;
Ioffe, Szegedy: Batch Normalization, 2015; Wang et al.: DeepNet: Scaling Transformers to 1,000 Layers, 2022.
"""

from __future__ import annotations

from experiments.lab.answers import mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, plain_setup
from experiments.norm.types import laws, update
from experiments.norm.types.setup import Params


def answer(findings: Findings, rows: Rows) -> str:
    off = max(row.error for row in rows.of(laws.PART) if row.statement == "torch")
    updates = rows.of(update.PART)
    deepest = max(row.depth for row in updates)
    post, deep = (mean(updates, "model_update", placement=name, depth=deepest) for name in ("post", "deep"))
    return (
        f"Layer, RMS, group and batch normalization written from their formulas differ from torch's by at most "
        f"{number(off, 1)}. With {deepest} blocks, one step of training moves the output of post-norm "
        f"{number(post / deep)} times as far as that of DeepNorm."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=plain_setup,
    parts=(laws.PART, update.PART),
    answer=answer,
    headline=Headline(part=update.PART, table=update.TABLE),
)
