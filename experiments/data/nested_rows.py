"""The rows of data.nested: what is stored, how far results are off and how long operations take, for one set of
lengths.

Knows nothing of claims; the mathematics is in ``experiments.data.core.nested``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.lab.experiment import Row as LabRow

if TYPE_CHECKING:
    from torch import Tensor

    from experiments.data.core.nested import Layout, Model, Operation

NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """result, storage or time."""
    case: str
    """Kind of lengths, or the user's file."""
    layout: str
    """padded, jagged or strided."""
    operation: str = ""
    waste: float = NAN
    """Share of the padded tensor that is padding."""
    stored_numbers: int = 0
    operation_milliseconds: float = NAN
    building_milliseconds: float = NAN
    """From the sequences to the tensor, and for padding its mask."""
    speedup: float = NAN
    """Time of padding over that of this layout, operation only."""
    error: float = NAN
    control_error: float = NAN
    witness: str = ""


def rows_of(
    case: str,
    sequences: Sequence[Tensor],
    model: Model,
    layouts: Sequence[Layout],
    operations: Sequence[Operation],
    repeats: int,
) -> Iterator[Row]:
    """All rows of one kind of lengths; ``repeats`` are the rounds of timing."""
    yield from storage_rows(case, sequences, layouts)
    for operation in operations:
        yield from result_rows(case, sequences, model, layouts, operation)
        yield from time_rows(case, sequences, model, layouts, operation, repeats)


def storage_rows(case: str, sequences: Sequence[Tensor], layouts: Sequence[Layout]) -> Iterator[Row]:
    """Numbers stored over those of padding, against 1 - waste; the control is the padded tensor itself."""
    from experiments.data.core.nested import nest, pad, stored_elements

    waste, padded = waste_of(sequences), stored_elements(pad(sequences)[0])
    yield Row(part="storage", case=case, layout="padded", waste=waste, stored_numbers=padded)
    for layout in layouts:
        stored = stored_elements(nest(sequences, layout))
        yield Row(
            part="storage",
            case=case,
            layout=layout,
            waste=waste,
            stored_numbers=stored,
            error=abs(stored / padded - (1 - waste)),
            control_error=waste,
            witness=f"{stored} of {padded} numbers, waste {waste:.4g}",
        )


def result_rows(
    case: str, sequences: Sequence[Tensor], model: Model, layouts: Sequence[Layout], operation: Operation
) -> Iterator[Row]:
    """Nested results against each sequence alone; the control takes padding for data."""
    from experiments.data.core.nested import careless_error, nested_error

    careless = careless_error(model, operation, sequences)
    for layout in layouts:
        off = nested_error(model, operation, sequences, layout)
        yield Row(
            part="result",
            case=case,
            layout=layout,
            operation=operation,
            waste=waste_of(sequences),
            error=off,
            control_error=careless,
            witness=f"{operation} of {layout} sequences, {case} lengths: off by {off:.3g}",
        )


def time_rows(
    case: str,
    sequences: Sequence[Tensor],
    model: Model,
    layouts: Sequence[Layout],
    operation: Operation,
    repeats: int,
) -> Iterator[Row]:
    """Medians of padding and of each layout."""
    from experiments.data.core.nested_timing import time_layouts

    padded, *others = time_layouts(model, operation, sequences, layouts, repeats)
    for timed in (padded, *others):
        yield Row(
            part="time",
            case=case,
            layout=timed.layout,
            operation=operation,
            waste=waste_of(sequences),
            operation_milliseconds=1e3 * timed.operation_seconds,
            building_milliseconds=1e3 * timed.building_seconds,
            speedup=padded.operation_seconds / timed.operation_seconds,
        )


def waste_of(sequences: Sequence[Tensor]) -> float:
    from experiments.data.core.nested import waste

    return waste([len(sequence) for sequence in sequences])
