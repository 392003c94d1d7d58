"""Dropout on many ones: what share it drops, and what mean it leaves."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.lab.experiment import Part, Row, Table, observation
from experiments.nn.layers.setup import Images

ONES = 100_000


@observation
class DropoutRow(Row):
    p: float
    """Probability that dropout drops."""
    dropped_share: float
    mean_output: float


def run(images: Images) -> Iterator[DropoutRow]:
    from experiments.foundation.networks.timing import reproducible
    from experiments.nn.layers.single_layers import dropout_shares

    p = images.params.p
    with reproducible(images.seed):
        share, mean = dropout_shares(ONES, p)
    yield DropoutRow(p=p, dropped_share=share, mean_output=mean)


PART = Part(
    name="dropout",
    row=DropoutRow,
    run=run,
    tables=(Table("Dropout on ones", by=("p",), columns=("dropped_share", "mean_output")),),
)
