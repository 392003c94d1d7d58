"""One outlier among the weights: what it costs all the others, with one scale per tensor, channel and block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.adapt.quant.setup import GRANULARITIES, Networks
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect

BITS = 4
NAME = "model.layers.0.mlp.up_proj.weight"
LARGE = 50


@observation
class OutlierRow(Row):
    """One matrix with one outlier, in 4 bits."""

    dataset: str
    scales: str
    outlier: int
    """In standard deviations of the matrix; 0 leaves it as it was trained."""
    decibels: float
    """Of all other weights."""


def run(networks: Networks) -> Iterator[OutlierRow]:
    from experiments.adapt.core.rounding import quantized, sqnr_db

    matrix = networks.matrices()[NAME]
    for outlier in (0, 5, 10, 20, LARGE, 100):
        changed = matrix.copy()
        if outlier:
            changed[0, 0] = outlier * matrix.std()
        for scales in GRANULARITIES:
            kept, _ = quantized(changed, BITS, scales)
            noise = sqnr_db(changed.ravel()[1:], kept.ravel()[1:])
            yield OutlierRow(dataset=networks.dataset, scales=scales, outlier=outlier, decibels=noise)


def lost(rows: Sequence[OutlierRow]) -> Mapping[str, Pairs]:
    """dB of the other weights, without the outlier and with it."""
    return {
        scales: Pairs(*(by_seed(rows, "decibels", scales=scales, outlier=outlier) for outlier in (0, LARGE)))
        for scales in GRANULARITIES
    }


def costs(rows: Sequence[OutlierRow]) -> str:
    """What the curve shows."""
    tensor, block = (
        mean(rows, "decibels", scales=scales, outlier=0) - mean(rows, "decibels", scales=scales, outlier=LARGE)
        for scales in ("tensor", "block")
    )
    return (
        f"One weight of {LARGE} deviations costs the others {number(tensor, 2)} dB with one scale, "
        f"{number(block, 2)} dB in blocks"
    )


PART = Part(
    name="outliers",
    row=OutlierRow,
    run=run,
    claims=(
        Claim(
            "an_outlier_spoils_its_scale",
            statement="One weight of 50 standard deviations costs all others 10 dB in 4 bits.",
            rule=Each(
                Effect("SQNR in dB of the other weights, without the outlier - with it", delta=10), per="granularity"
            ),
            measure=lost,
            topic="Quantization: outliers",
            predicted={"tensor": "holds", "channel": "refuted", "block": "refuted"},
            source="a step of 50 / 15 deviations rounds all that share it to two levels; other rows and blocks do not",
        ),
    ),
    tables=(Table("The other weights beside one outlier, in dB", by=("outlier", "scales"), columns=("decibels",)),),
    curves=(Curve("noise_beside_an_outlier", "outlier", "decibels", "scales", title=costs),),
)
