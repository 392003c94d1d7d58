"""How many multiply-adds, FLOPs and parameters does a network have, and do they tell how long it takes?

Well-known architectures and modules of your own are counted layer by layer, from shapes alone; the counter is tried
against formulas written by hand, torch's counter and fvcore, and against the clock.

Notes: FLOPs as a measure of complexity; operations saved by pooling.

Source: PyTorch's torch.utils.flop_counter; fvcore's FlopCountAnalysis, github.com/facebookresearch/fvcore; the model
pages of torchvision and timm for published numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.cnn.flops import costs, laws, times
from experiments.cnn.flops.setup import Params, prepare
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    models = rows.of(costs.MODELS)
    cheapest, costliest = (choose(models, key=lambda row: row.flops) for choose in (min, max))
    size = cost(costliest) if costliest.model == cheapest.model else f"{cost(cheapest)}, {cost(costliest)}"
    return f"{size}.{spread(rows.of(times.PART) if times.PART.name in rows.by_part else ())}"


def cost(row: costs.ModelRow) -> str:
    flops, parameters = number(row.flops / 1e6), number(row.parameters / 1e6)
    return f"{row.model} costs {flops} million FLOPs and has {parameters} million parameters"


def spread(rows: Sequence[times.TimeRow]) -> str:
    """How much longer a FLOP takes in one kind of layer than in another; nothing where no time was measured."""
    taken = {row.layer: mean(rows, "seconds", layer=row.layer) / row.flops for row in rows if row.case == times.KINDS}
    if not taken:
        return ""
    fast, slow = (choose(taken, key=lambda layer: taken[layer]) for choose in (min, max))
    ratio = number(taken[slow] / taken[fast], 2)
    return f" They do not tell the time alone: a FLOP takes {ratio} times as long in {slow} as in {fast}."


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(costs.MODELS, costs.LAYERS, costs.PUBLICATIONS, laws.PART, times.PART),
    answer=answer,
    headline=Headline(costs.MODELS, Table("One forward pass", by=("model",), columns=costs.COSTS)),
)
