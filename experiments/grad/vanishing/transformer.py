"""Every block of a deep pre-norm residual transformer after one backward pass."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.grad.vanishing.setup import Networks
from experiments.lab.experiment import Curve, Part, Row, Table, observation

NAME = "pre-norm residual transformer"


@observation
class BlockRow(Row):
    """One block; layer 1 is the nearest to the input."""

    layer: int
    gradient_norm: float
    """Of the feed-forward weight."""


def run(networks: Networks) -> Iterator[BlockRow]:
    for layer, norm in enumerate(networks.transformer(), start=1):
        yield BlockRow(layer=layer, gradient_norm=norm)


PART = Part(
    name="transformer",
    row=BlockRow,
    run=run,
    tables=(Table(title="Gradient of each block of the transformer", by=("layer",), columns=("gradient_norm",)),),
    curves=(Curve(name="transformer_gradient", x="layer", y="gradient_norm", y_scale="log"),),
)
