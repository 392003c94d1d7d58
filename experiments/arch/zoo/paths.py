"""How many layers or updates lie between the two ends of a sequence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from experiments.arch.zoo.setup import TOKENS, Zoo
from experiments.foundation.statements.trials import TrialRow, instances_by_case
from experiments.lab.experiment import Curve, Part, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Each, Theorem

FORMS: Mapping[str, Callable[[int], int]] = {
    "RNN": lambda length: length,
    "LSTM": lambda length: length,
    "GRU": lambda length: length,
    "convolutions": lambda length: math.ceil((length - 1) / 2),
    "Transformer": lambda length: 1,
}
"""Path length over so many elements: updates, convolutions of 3 that meet in the middle, one look of attention."""


@observation
class PathRow(TrialRow):
    """One network at one length; the control is the form of another network."""

    length: int
    path_length: int
    """Layers or updates after which some unit depends on the first and the last element."""


def run(zoo: Zoo) -> Iterator[PathRow]:
    from experiments.foundation.networks.timing import reproducible

    with reproducible(zoo.seed):
        for name, form in FORMS.items():
            other = FORMS["RNN" if name in ("Transformer", "convolutions") else "Transformer"]
            for length in zoo.params.lengths:
                found = path(name, zoo.params.width, length)
                yield PathRow(
                    statement="path",
                    case=name,
                    error=abs(found - form(length)),
                    control_error=abs(found - other(length)),
                    counterexample=f"{found} over {length} elements, {form(length)} by the form",
                    length=length,
                    path_length=found,
                )


def path(name: str, width: int, length: int) -> int:
    """The path length of a random network in float64; convolutions are as many as could be needed."""
    import torch

    from experiments.arch.core.convolutional import TemporalConvolutions
    from experiments.arch.core.dependence import path_length
    from experiments.arch.core.recurrent import Recurrent
    from experiments.foundation.architectures.token_transformer import TokenTransformer

    vectors = torch.randn(1, length, width, dtype=torch.float64)
    if name == "Transformer":
        transformer = TokenTransformer(TOKENS, context=length, dim=width, depth=2, heads=4).double()
        return path_length(transformer, torch.zeros(1, length, dtype=torch.long))
    if name == "convolutions":
        return path_length(TemporalConvolutions(width, width, depth=length).double(), vectors)
    return path_length(Recurrent(name, width, width).double(), vectors)


def by_network(rows: Sequence[PathRow]) -> Mapping[str, Instances]:
    return instances_by_case("path", once=True)(rows)


def between_the_ends(rows: Sequence[PathRow]) -> str:
    """What the figure shows."""
    longest = max(row.length for row in rows)
    found = {row.case: row.path_length for row in rows if row.length == longest}
    return (
        f"Between the ends of {longest} elements lie {found['RNN']} updates of an RNN, {found['convolutions']} "
        f"convolutions or {found['Transformer']} look of attention"
    )


PART = Part(
    name="paths",
    row=PathRow,
    run=run,
    claims=(
        Claim(
            "attention_joins_the_ends_at_once",
            statement="The ends of n elements meet after n updates, (n - 1) / 2 convolutions, or 1 attention block.",
            rule=Each(
                Theorem(
                    "layers until a unit depends on both ends are n, (n - 1) / 2 rounded up, or 1",
                    control="the form of another network",
                ),
                per="network",
            ),
            measure=by_network,
            topic="Transformer: far positions",
            predicted="holds",
            source="Vaswani et al. 2017, table 1: maximum path length; a convolution of 3 reaches one element further",
        ),
    ),
    tables=(Table("Path between the ends", by=("case", "length"), columns=("path_length",)),),
    curves=(
        Curve(
            "path_by_length",
            "length",
            "path_length",
            "case",
            x_scale="log",
            y_scale="log",
            title=between_the_ends,
        ),
    ),
)
