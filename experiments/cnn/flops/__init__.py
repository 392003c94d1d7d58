"""What does a network cost in FLOPs?

How many multiply-adds, FLOPs and parameters does a network have, and do they tell how long it takes?

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
from experiments.lab.experiment import Experiment, Findings, Headline, Own, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    models = rows.of(costs.MODELS)
    cheapest, costliest = (choose(models, key=lambda row: row.flops) for choose in (min, max))
    size = cost(costliest) if costliest.model == cheapest.model else f"{cost(cheapest)}, {cost(costliest)}"
    return f"{size}.{spread(rows.if_run(times.PART))}"


def cost(row: costs.ModelRow) -> str:
    return f"{row.model} costs {amount(row.flops)} FLOPs and has {amount(row.parameters)} parameters"


def amount(count: float) -> str:
    """A count in units that are read aloud.

    >>> amount(28), amount(61_100_840), amount(4.1e9)
    ('28', '61.1 million', '4.1 billion')
    """
    for size, word in ((1e9, " billion"), (1e6, " million")):
        if count >= size:
            return f"{number(count / size)}{word}"
    return number(count)


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
    own=Own(given=lambda params: params.only_own, parts=(costs.MODELS.name, costs.LAYERS.name, times.PART.name)),
    headline=Headline(costs.MODELS, Table("One forward pass", by=("model",), columns=costs.COSTS)),
)
