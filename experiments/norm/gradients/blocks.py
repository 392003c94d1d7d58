"""The gradient of every block of the deepest transformers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from experiments.lab.experiment import Curve, Part, Row, observation
from experiments.norm.gradients.setup import Transformers


@observation
class BlockRow(Row):
    placement: str
    normalization: str
    dataset: str
    depth: int
    layer: int
    gradient_norm: float
    """Of the second feed-forward weight."""


def run(transformers: Transformers) -> Iterator[BlockRow]:
    depth = transformers.depths[-1]
    for arm in transformers.arms:
        for layer, norm in enumerate(transformers.start(arm, depth).gradient_norms, start=1):
            yield BlockRow(dataset=transformers.dataset, depth=depth, layer=layer, gradient_norm=norm, **asdict(arm))


PART = Part(
    name="blocks",
    row=BlockRow,
    run=run,
    curves=(
        Curve(
            "gradient_over_layers",
            "layer",
            "gradient_norm",
            "placement",
            y_scale="log",
            only={"normalization": "layer"},
        ),
    ),
)
