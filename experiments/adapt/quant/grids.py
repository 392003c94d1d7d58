"""Uniform grids of 2 to 8 bits on the trained weights: what a bit is worth, where the scale stands, where it clips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from experiments.adapt.quant.setup import GRANULARITIES, Networks
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Pairs, Points
from experiments.lab.judge.measures import by_seed, points
from experiments.lab.judge.rules import Each, Effect, Slope

MINMAX, MSE = "min-max", "least squares"


@observation
class GridRow(Row):
    """All matrices of the network on grids of one kind."""

    dataset: str
    scales: str
    """One per tensor, per channel (row) or per block of 32 weights."""
    range: str
    """Of the grid: that of the weights, or the one of least squared error."""
    bits: int
    levels: int
    """2^bits"""
    decibels: float
    """Signal over quantization noise, of all matrices together."""


def run(networks: Networks) -> Iterator[Event]:
    import numpy as np

    from experiments.adapt.core.rounding import quantized, sqnr_db

    whole = np.concatenate([matrix.ravel() for matrix in networks.matrices().values()])
    for done, bits in enumerate(networks.params.bits):
        yield Progress("grids", done, len(networks.params.bits))
        for scales in GRANULARITIES:
            for range_ in (MINMAX, MSE):
                calibration = "minmax" if range_ == MINMAX else "mse"
                matrices = networks.matrices().values()
                kept = [quantized(matrix, bits, scales, calibration)[0].ravel() for matrix in matrices]  # type: ignore[arg-type]
                noise = sqnr_db(whole, np.concatenate(kept))
                yield GridRow(
                    dataset=networks.dataset,
                    scales=scales,
                    range=range_,
                    bits=bits,
                    levels=2**bits,
                    decibels=noise,
                )


def amplitude_by_levels(rows: Sequence[GridRow]) -> Mapping[str, Points]:
    """Per granularity: weights over their rounding error, as amplitudes, against 2^bits from 4 bits on."""
    fine = [row for row in rows if row.bits >= 4]
    return {
        scales: points(fine, "levels", lambda row: 10 ** (row.decibels / 20), scales=scales, range=MINMAX)
        for scales in GRANULARITIES
    }


def finer(rows: Sequence[GridRow]) -> Mapping[str, Pairs] | NotMeasured:
    """dB at 4 bits: one scale per channel, and per block, against one per tensor."""
    at = {scales: by_seed(rows, "decibels", scales=scales, range=MINMAX, bits=4) for scales in GRANULARITIES}
    if not all(at.values()):
        return NotMeasured("needs bits=4")
    return {scales: Pairs(at[scales], at["tensor"]) for scales in ("channel", "block")}


def blocks_or_a_bit(rows: Sequence[GridRow]) -> Pairs | NotMeasured:
    """dB of blocks at 4 bits, 5 with the scale and minimum, against 5 bits per tensor."""
    blocks = by_seed(rows, "decibels", scales="block", range=MINMAX, bits=4)
    tensor = by_seed(rows, "decibels", scales="tensor", range=MINMAX, bits=5)
    return Pairs(blocks, tensor) if blocks and tensor else NotMeasured("needs bits 4 and 5")


def clipped_or_not(*bits: int) -> Callable[[Sequence[GridRow]], Mapping[str, Pairs]]:
    """dB of the least-squares range against min-max, one scale per tensor."""

    def measure(rows: Sequence[GridRow]) -> Mapping[str, Pairs]:
        arms = {
            f"{count} bits": [
                by_seed(rows, "decibels", scales="tensor", range=range_, bits=count) for range_ in (MSE, MINMAX)
            ]
            for count in bits
        }
        return {name: Pairs(*both) for name, both in arms.items() if all(both)}

    return measure


def decibels_per_bit(rows: Sequence[GridRow]) -> str:
    """What the curve shows."""
    fine = sorted({row.bits for row in rows if row.bits >= 4})
    if len(fine) < 2:
        return "Signal over quantization noise"
    ends = [mean(rows, "decibels", scales="tensor", range=MINMAX, bits=bits) for bits in (fine[0], fine[-1])]
    gain = mean(rows, "decibels", scales="block", range=MINMAX, bits=fine[0]) - ends[0]
    slope = (ends[1] - ends[0]) / (fine[-1] - fine[0])
    return f"A bit is worth {number(slope)} dB; a scale per 32 weights keeps {number(gain, 2)} dB more than one in all"


PART = Part(
    name="grids",
    row=GridRow,
    run=run,
    claims=(
        Claim(
            "a_bit_is_worth_six_decibels",
            statement="From 4 to 8 bits every bit doubles the ratio of the weights to their rounding error: 6.02 dB.",
            rule=Each(
                Slope("amplitude of the weights over that of the error, against 2^bits", theory=1, tolerance=0.05),
                per="granularity",
            ),
            measure=amplitude_by_levels,
            topic="Quantization: bits",
            predicted="holds",
            source="Widrow and Kollár 2008: error of variance step^2 / 12, and steps that halve",
        ),
        Claim(
            "finer_scales_keep_more",
            statement="At 4 bits one scale per channel, or per block of 32, keeps 2 dB more than one per tensor.",
            rule=Each(Effect("SQNR in dB at 4 bits, against one scale per tensor", delta=2), per="granularity"),
            measure=finer,
            topic="Quantization: scales",
            predicted="holds",
            source="the largest of 32 normal numbers is 2.1 deviations, that of 10,000 is 3.9: 5.4 dB",
        ),
        Claim(
            "blocks_beat_one_more_bit",
            statement="Blocks of 4 bits, 5 with their scales, keep half a decibel more than 5 bits per tensor.",
            rule=Effect("SQNR in dB, 4-bit blocks - 5 bits per tensor", delta=0.5),
            measure=blocks_or_a_bit,
            topic="Quantization: scales",
            predicted="holds",
            source="Dettmers and Zettlemoyer 2023 (The case for 4-bit precision): small blocks pay for their scales",
        ),
        Claim(
            "clipping_pays_at_few_bits",
            statement="A range of least squared error keeps 1 dB more than that of the weights.",
            rule=Each(
                Effect("SQNR in dB, least squares - min-max, one scale per tensor", delta=1), per="number of bits"
            ),
            measure=clipped_or_not(8, 4, 2),
            topic="Quantization: calibration",
            predicted={"8 bits": "refuted", "4 bits": "holds", "2 bits": "holds"},
            source="Max 1960: the best range of normal weights is 1.5 deviations at 4 levels, 2.5 at 16, and grows on",
        ),
    ),
    tables=(Table("Signal over quantization noise in dB", by=("scales", "range", "bits"), columns=("decibels",)),),
    curves=(Curve("noise_by_bits", "bits", "decibels", "scales", only={"range": MINMAX}, title=decibels_per_bit),),
)
