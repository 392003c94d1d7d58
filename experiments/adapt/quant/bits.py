"""How the network answers with weights, or with activations, on uniform grids of few bits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.adapt.quant.setup import GRANULARITIES, Granularity, Networks
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Pairs
from experiments.lab.judge.measures import by_seed, paired
from experiments.lab.judge.rules import Each, Effect, Equivalence, Ratio

if TYPE_CHECKING:
    from torch import Tensor

ACTIVATIONS = "activations, tensor"


@observation
class BitsRow(Row):
    """The trained network with one of its parts rounded, on test bytes."""

    dataset: str
    rounded: str
    """Weights with a scale per tensor, channel or block; or the inputs of linear layers, per tensor."""
    bits: int
    perplexity: float
    """Per byte."""
    perplexity_ratio: float
    """Over that of float32."""
    agreement: float
    """Share of positions with the same most probable byte as in float32."""


def run(networks: Networks) -> Iterator[Event]:
    for done, bits in enumerate(networks.params.bits):
        yield Progress("bits", done, len(networks.params.bits))
        for scales in GRANULARITIES:
            yield _row(networks, f"weights, {scales}", bits, with_weights(networks, bits, scales))
        yield _row(networks, ACTIVATIONS, bits, with_activations(networks, bits))


def _row(networks: Networks, rounded: str, bits: int, seen: Tensor) -> BitsRow:
    answers = networks.answers(seen)
    return BitsRow(
        dataset=networks.dataset,
        rounded=rounded,
        bits=bits,
        perplexity=answers.perplexity,
        perplexity_ratio=answers.perplexity_ratio,
        agreement=answers.agreement,
    )


def with_weights(networks: Networks, bits: int, scales: Granularity) -> Tensor:
    """Log-probabilities with every matrix on a grid over its range."""
    from experiments.adapt.core.rounding import quantized

    return networks.read(networks.rounded(lambda _, matrix: quantized(matrix, bits, scales)[0]))


def with_activations(networks: Networks, bits: int) -> Tensor:
    """Log-probabilities with the inputs of linear layers on grids over their range on other bytes."""
    from experiments.adapt.core.activations import rounded_inputs

    decoder = networks.decoder()
    with rounded_inputs(decoder, networks.calibration(), bits):
        return networks.read(decoder)


def at_bits(rows: Sequence[BitsRow], bits: int) -> Mapping[str, Pairs] | NotMeasured:
    """Per granularity: perplexity over that of float32, against 1."""
    found = {
        scales: by_seed(rows, "perplexity_ratio", rounded=f"weights, {scales}", bits=bits) for scales in GRANULARITIES
    }
    if not all(found.values()):
        return NotMeasured(f"needs bits={bits}")
    return {scales: Pairs.against(ratios, 1.0) for scales, ratios in found.items()}


def left_at_two(rows: Sequence[BitsRow]) -> str:
    """What the curve shows."""
    least = min(row.bits for row in rows)
    tensor, block = (mean(rows, "perplexity_ratio", rounded=f"weights, {of}", bits=least) for of in ("tensor", "block"))
    return (
        f"With {least} bits a weight the perplexity is {number(tensor)} times that of float32, "
        f"{number(block)} times with a scale per block"
    )


PART = Part(
    name="bits",
    row=BitsRow,
    run=run,
    claims=(
        Claim(
            "eight_bits_cost_nothing",
            statement="Weights in 8 bits cost no perplexity: it stays within 0.3 %.",
            rule=Each(Equivalence("perplexity over that of float32, 8 bits", margin=0.003), per="granularity"),
            measure=lambda rows: at_bits(rows, 8),
            topic="Quantization: bits",
            predicted="holds",
            source="Jacob et al. 2018 (Quantization and Training of Neural Networks): 8 bits cost next to nothing",
        ),
        Claim(
            "two_bits_cost_everything",
            statement="Rounding trained weights to 2 bits makes the perplexity more than 1.5 times that of float32.",
            rule=Each(Ratio("perplexity with 2 bits over that of float32", at_least=1.5), per="granularity"),
            measure=lambda rows: at_bits(rows, 2),
            topic="Quantization: bits",
            predicted="holds",
            source="four levels over four deviations: about 7 dB, noise of a fifth of the weights' power",
        ),
        Claim(
            "activations_cost_more_than_weights",
            statement="In 4 bits per tensor activations cost more perplexity than weights, by half a percent.",
            rule=Effect("perplexity over float32's, 4-bit activations - 4-bit weights", delta=0.005),
            measure=paired("perplexity_ratio", only={"bits": 4}, rounded=(ACTIVATIONS, "weights, tensor")),
            topic="Quantization: activations",
            predicted="holds",
            source="Dettmers et al. 2022 (LLM.int8()): activations have outliers where weights have none",
        ),
    ),
    tables=(
        Table(
            "The network with few bits",
            by=("rounded", "bits"),
            columns=("perplexity", "perplexity_ratio", "agreement"),
        ),
    ),
    curves=(Curve("perplexity_by_bits", "bits", "perplexity_ratio", "rounded", y_scale="log", title=left_at_two),),
)
