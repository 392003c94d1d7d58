"""The residual stream before training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.measured import Instances
from experiments.norm.placement.setup import Images


@observation
class StartRow(Row):
    placement: str
    depth: int
    dataset: str
    stream_rms: float
    """Root mean square of the residual stream after the last block."""


def run(images: Images) -> Iterator[StartRow]:
    from experiments.norm.core.trainability import measure_start

    for placement, depth in images.arms():
        start = measure_start(images.split, depth, images.architecture(placement), draws=1, seed=images.seed)
        yield StartRow(placement=placement, depth=depth, dataset=images.dataset, stream_rms=start.stream_rms)


def distance_from_one(rows: Sequence[StartRow]) -> Instances:
    """Of post-norm's stream, with pre-norm's as the control."""
    post, pre = ([abs(row.stream_rms - 1) for row in rows if row.placement == name] for name in ("post", "pre"))
    return Instances(post, control=pre)


PART = Part(
    name="start",
    row=StartRow,
    run=run,
    tables=(Table(title="Residual stream before training", by=("placement", "depth"), columns=("stream_rms",)),),
)
