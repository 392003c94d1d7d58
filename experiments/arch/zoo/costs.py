"""FLOPs over sequences of growing length, counted from shapes alone: what attention costs beside everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from experiments.arch.zoo.setup import TOKENS, Zoo
from experiments.lab.answers import number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Points
from experiments.lab.judge.measures import points
from experiments.lab.judge.rules import Slope, Under

if TYPE_CHECKING:
    from torch import Tensor, nn

    from experiments.foundation.costs.flops_counter import Count

ATTENTION, REST, WHOLE = "attention: scores and mixing", "Transformer without them", "Transformer"


@observation
class CostRow(Row):
    """One network, or a part of one, at one length."""

    network: str
    length: int
    flops: int
    """Of one sequence, forward."""


def run(zoo: Zoo) -> Iterator[Event]:
    lengths = sorted(zoo.params.costed)
    for done, length in enumerate(lengths):
        yield Progress("lengths", done, len(lengths))
        for name, flops in costs(zoo.params.width, length).items():
            yield CostRow(network=name, length=length, flops=flops)


@cache
def costs(width: int, length: int) -> dict[str, int]:
    """FLOPs by network; attention is what the blocks of a Transformer do outside of their linear layers."""
    import torch

    from experiments.arch.core.convolutional import TemporalConvolutions
    from experiments.arch.core.recurrent import CELLS, Recurrent
    from experiments.foundation.architectures.token_transformer import TokenTransformer
    from experiments.foundation.costs.flops_counter import count

    def counted(network: nn.Module, inputs: Tensor) -> Count:
        with torch.no_grad():
            return count(network.eval(), inputs)

    with torch.device("meta"):
        vectors, tokens = torch.empty(1, length, width), torch.empty(1, length, dtype=torch.long)
        transformer = counted(TokenTransformer(TOKENS, context=length, dim=width, depth=2, heads=4), tokens)
        found = {cell: counted(Recurrent(cell, width, width), vectors).flops for cell in CELLS}
        found["convolutions"] = counted(TemporalConvolutions(width, width, depth=2), vectors).flops
    attention = sum(2 * layer.macs for layer in transformer.layers if layer.kind == "TransformerBlock")
    return {**found, ATTENTION: attention, REST: transformer.flops - attention, WHOLE: transformer.flops}


def by_network(*names: str) -> Callable[[Sequence[CostRow]], Mapping[str, Points]]:
    """FLOPs over the lengths, per network."""
    return lambda rows: {name: points(rows, "length", "flops", network=name) for name in names}


def where_attention_takes_over(rows: Sequence[CostRow]) -> str:
    """What the figure shows."""
    shares = {
        row.length: row.flops / other.flops
        for row in rows
        for other in rows
        if (row.network, other.network, row.seed, row.length) == (ATTENTION, WHOLE, other.seed, other.length)
    }
    shortest, longest = min(shares), max(shares)
    return (
        f"Attention is {number(100 * shares[shortest], 2)} % of a Transformer's FLOPs over {shortest} elements, "
        f"{number(100 * shares[longest], 2)} % over {longest}"
    )


LINEAR = Slope("FLOPs against length", theory=1, tolerance=0.01)
PART = Part(
    name="costs",
    row=CostRow,
    run=run,
    claims=(
        Claim(
            "attention_is_quadratic_the_rest_linear",
            statement="FLOPs grow with the square of the length in attention, and in proportion to it everywhere else.",
            rule=Under(
                {
                    ATTENTION: Slope("FLOPs against length", theory=2, tolerance=0.01),
                    REST: LINEAR,
                    "convolutions": LINEAR,
                    "RNN": LINEAR,
                    "LSTM": LINEAR,
                    "GRU": LINEAR,
                }
            ),
            measure=by_network(ATTENTION, REST, "convolutions", "RNN", "LSTM", "GRU"),
            topic="Transformer: cost of long texts",
            predicted="holds",
            source="Vaswani et al. 2017, table 1: n^2 d against n d^2",
        ),
    ),
    tables=(Table("FLOPs by length", by=("network", "length"), columns=("flops",)),),
    curves=(
        Curve(
            "flops_by_length",
            "length",
            "flops",
            "network",
            x_scale="log",
            y_scale="log",
            only={"network": (ATTENTION, REST, "LSTM", "RNN")},
            title=where_attention_takes_over,
        ),
    ),
)
