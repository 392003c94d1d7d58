"""The exponent with which the last block's gradient depends on the depth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from experiments.lab.experiment import Part, Row, Table, observation
from experiments.norm.gradients.setup import LEAST_FITTED, Transformers


@observation
class ExponentRow(Row):
    placement: str
    normalization: str
    dataset: str
    exponent: float
    """Slope of the logarithm of the last block's gradient over that of the depth, from 8 blocks on."""


def run(transformers: Transformers) -> Iterator[ExponentRow]:
    from experiments.norm.core.trainability import depth_exponent

    fitted = [depth for depth in transformers.depths if depth >= LEAST_FITTED]
    for arm in transformers.arms:
        last = [transformers.start(arm, depth).gradient_norms[-1] for depth in fitted]
        yield ExponentRow(dataset=transformers.dataset, exponent=depth_exponent(fitted, last), **asdict(arm))


TABLE = Table(
    title="Exponent of the last block's gradient over depth",
    by=("normalization", "placement"),
    columns=("exponent",),
)
PART = Part(name="exponents", row=ExponentRow, run=run, tables=(TABLE,))
