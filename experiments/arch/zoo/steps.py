"""Which products wait for which: the longest chain in one pass over sequences of growing length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.arch.zoo.setup import TOKENS, Zoo
from experiments.foundation.statements.trials import TrialRow, instances_by_case
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Counterexample, Theorem, Under

if TYPE_CHECKING:
    from torch import Tensor, nn

READING, WRITING = "Transformer, reading", "Transformer, writing"


@observation
class StepRow(TrialRow):
    """One network at one length; the control is an RNN, which must need more steps for more elements."""

    length: int
    sequential_steps: int
    """Matrix products on the longest chain."""


def run(zoo: Zoo) -> Iterator[StepRow]:
    from experiments.foundation.networks.timing import reproducible

    lengths = sorted(zoo.params.lengths)
    with reproducible(zoo.seed):
        passes = networks(zoo.params.width, lengths[-1])
        chains = {name: [steps(length) for length in lengths] for name, steps in passes.items()}
    for name, found in chains.items():
        for length, chain, control in zip(lengths, found, chains["RNN"], strict=True):
            yield StepRow(
                statement="steps",
                case=name,
                error=abs(chain - found[0]),
                control_error=abs(control - chains["RNN"][0]),
                counterexample=f"{chain} steps over {length} elements, {found[0]} over {lengths[0]}",
                length=length,
                sequential_steps=chain,
            )


def networks(width: int, longest: int) -> Mapping[str, Callable[[int], int]]:
    """Name to its sequential steps over a given length."""
    import torch

    from experiments.arch.core.convolutional import TemporalConvolutions
    from experiments.arch.core.dependence import longest_chain
    from experiments.arch.core.recurrent import CELLS, Recurrent
    from experiments.foundation.architectures.token_transformer import TokenTransformer

    readers: dict[str, nn.Module] = {cell: Recurrent(cell, width, width) for cell in CELLS}
    readers["convolutions"] = TemporalConvolutions(width, width, depth=2)
    transformer = TokenTransformer(TOKENS, context=longest, dim=width, depth=2, heads=4)

    def write(length: int) -> Tensor:
        """Every next token is what the last one's logits expect, so that the chain is not cut by a choice."""
        embedded = transformer.embed(torch.zeros(1, 1, dtype=torch.long))
        for _ in range(length - 1):
            logits = transformer.states(embedded)[:, -1:] @ transformer.embed.weight.T
            embedded = torch.cat([embedded, logits.softmax(-1) @ transformer.embed.weight], dim=1)
        return transformer.states(embedded)

    def reading(name: str) -> Callable[[int], int]:
        return lambda length: longest_chain(readers[name](torch.randn(1, length, width)))

    return {
        **{name: reading(name) for name in readers},
        READING: lambda length: longest_chain(transformer(torch.zeros(1, length, dtype=torch.long))),
        WRITING: lambda length: longest_chain(write(length)),
    }


def by_network(rows: Sequence[StepRow]) -> Mapping[str, Instances]:
    return instances_by_case("steps", once=True)(rows)


def waiting(rows: Sequence[StepRow]) -> str:
    """What the figure shows."""
    longest = max(row.length for row in rows)
    lstm, reading, writing = (
        number(mean(rows, "sequential_steps", case=case, length=longest)) for case in ("LSTM", READING, WRITING)
    )
    return (
        f"Over {longest} elements an LSTM waits for {lstm} products, a Transformer for {reading} when it reads, "
        f"{writing} when it writes"
    )


CONSTANT = Theorem("as many steps as at the shortest length", control="an RNN")
GROWING = Counterexample("as many steps as at the shortest length")
PART = Part(
    name="steps",
    row=StepRow,
    run=run,
    claims=(
        Claim(
            "positions_are_processed_in_parallel",
            statement="A network processes all positions at once: its sequential steps do not grow with the length.",
            rule=Under(
                {
                    "convolutions": CONSTANT,
                    READING: CONSTANT,
                    WRITING: GROWING,
                    "RNN": GROWING,
                    "LSTM": GROWING,
                    "GRU": GROWING,
                }
            ),
            measure=by_network,
            topic="Transformer: parallel, RNN: one after the other",
            predicted={
                "convolutions": "holds",
                READING: "holds",
                WRITING: "refuted",
                "RNN": "refuted",
                "LSTM": "refuted",
                "GRU": "refuted",
            },
            source="Vaswani et al. 2017, table 1: sequential operations",
        ),
    ),
    tables=(Table("Sequential steps", by=("case", "length"), columns=("sequential_steps",)),),
    curves=(
        Curve(
            "steps_by_length",
            "length",
            "sequential_steps",
            "case",
            x_scale="log",
            y_scale="log",
            title=waiting,
        ),
    ),
)
