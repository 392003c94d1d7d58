"""Models that count: interpolated Kneser-Ney by the length of what is counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.arch.text.setup import Reading
from experiments.lab.answers import number
from experiments.lab.experiment import Curve, Part, Row, Table, observation


@observation
class CountRow(Row):
    """One order."""

    dataset: str
    order: int
    """Bytes of a gram: one more than the context."""
    grams: int
    """Different ones of the longest."""
    bits_per_byte: float


def run(setup: Reading) -> Iterator[CountRow]:
    for order in range(1, setup.params.order + 1):
        yield CountRow(
            dataset=setup.name,
            order=order,
            grams=len(setup.counts(order).orders[-1].grams),
            bits_per_byte=setup.counted_bits(order),
        )


def best_in_words(rows: Sequence[CountRow]) -> str:
    best = min(rows, key=lambda row: row.bits_per_byte)
    return f"Counting grams of {best.order} bytes leaves {number(best.bits_per_byte)} bits per byte"


PART = Part(
    name="counts",
    row=CountRow,
    run=run,
    tables=(Table("Kneser-Ney by order", by=("order",), columns=("grams", "bits_per_byte")),),
    curves=(Curve("counts", "order", "bits_per_byte", title=best_in_words),),
)
