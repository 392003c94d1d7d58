"""How the network answers from each block format: perplexity, agreement and divergence from float32."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from experiments.adapt.quant.setup import Networks
from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Trials
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Equivalence, Proportion

if TYPE_CHECKING:
    from experiments.adapt.quant.setup import Floats


@observation
class FormatRow(Row):
    """The trained network in one format, on test bytes."""

    dataset: str
    format: str
    bits_per_weight: float
    perplexity: float
    """Per byte."""
    perplexity_ratio: float
    """Over that of float32."""
    agreement: float
    """Share of positions with the same most probable byte as in float32."""
    positions: int
    kl_nats: float
    """Mean divergence from float32."""


def run(networks: Networks) -> Iterator[Event]:
    from experiments.adapt.core.block_formats import FORMATS, decode, encode
    from experiments.adapt.core.llama_tensors import stored_as

    for done, name in enumerate(networks.params.format):
        yield Progress("formats", done, len(networks.params.format))

        def kept(matrix_name: str, matrix: Floats, name: str = name) -> Floats:
            chosen = FORMATS[stored_as(matrix_name, matrix.shape, name)]
            return decode(encode(matrix, chosen), chosen)

        answers = networks.answers(networks.read(networks.rounded(kept)))
        bits = FORMATS[name].bits_per_weight
        yield FormatRow(dataset=networks.dataset, format=name, bits_per_weight=bits, **asdict(answers))


def perplexities(rows: Sequence[FormatRow]) -> Mapping[str, Pairs]:
    """Per format: perplexity over that of float32, against 1."""
    formats = dict.fromkeys(row.format for row in rows)
    return {name: Pairs.against(by_seed(rows, "perplexity_ratio", format=name), 1.0) for name in formats}


def agreements(rows: Sequence[FormatRow]) -> Mapping[str, Trials]:
    """Per format: positions with the same most probable byte, of all."""
    return {
        name: Trials(
            {row.seed: (round(row.agreement * row.positions), row.positions) for row in rows if row.format == name}
        )
        for name in dict.fromkeys(row.format for row in rows)
    }


def agreed(rows: Sequence[FormatRow]) -> str:
    """What the curve shows."""
    least, most = (choose(rows, key=lambda row: row.bits_per_weight) for choose in (min, max))
    shares = [percent(mean(rows, "agreement", format=one.format)) for one in (most, least)]
    return f"{most.format} gives the byte of float32 at {shares[0]} of the positions, {least.format} at {shares[1]}"


PART = Part(
    name="formats",
    row=FormatRow,
    run=run,
    claims=(
        Claim(
            "perplexity_stays_within_a_percent",
            statement="In a block format the network's perplexity stays within 1 % of that in float32.",
            rule=Each(Equivalence("perplexity over that of float32", margin=0.01), per="format"),
            measure=perplexities,
            topic="Quantization: llama.cpp's formats",
            predicted={"q8_0": "holds", "q5_1": "holds", "q5_0": "refuted", "q4_1": "refuted", "q4_0": "refuted"},
            source="llama.cpp's README of 2023, LLaMA 7B: 0.01, 0.7, 1.3, 3.1 and 4.2 % more than float16",
        ),
        Claim(
            "formats_give_the_same_answer",
            statement="In a block format the most probable byte is that of float32 at 99 % of the positions.",
            rule=Each(Proportion("positions with the same most probable byte", at_least=0.99), per="format"),
            measure=agreements,
            topic="Quantization: llama.cpp's formats",
            predicted={"q8_0": "holds", "q5_1": "refuted", "q5_0": "refuted", "q4_1": "refuted", "q4_0": "refuted"},
            source="no publication known: near ties are common, and change with the last bits",
        ),
    ),
    tables=(
        Table(
            "The network in each format",
            by=("format",),
            columns=("bits_per_weight", "perplexity", "perplexity_ratio", "agreement", "kl_nats"),
        ),
    ),
    curves=(
        Curve(
            "agreement_by_format", "bits_per_weight", "agreement", title=agreed, limit="formats_give_the_same_answer"
        ),
    ),
)
