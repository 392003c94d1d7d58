"""What a NestedTensor computes, beside each sequence alone, and how many numbers it stores, beside padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from experiments.data.nested.setup import Batches
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem

if TYPE_CHECKING:
    from torch import Tensor


def run_laws(setup: Batches) -> Iterator[TrialRow]:
    """Nested results against each sequence alone; the control takes padding for data."""
    from experiments.data.core.nested import careless_error, nested_error
    from experiments.foundation.networks.timing import one_thread

    with one_thread():
        for case, sequences in setup.batches.items():
            for operation in setup.params.op:
                careless = careless_error(setup.model, operation, sequences)
                for layout in setup.params.layout:
                    error = nested_error(setup.model, operation, sequences, layout)
                    yield TrialRow(
                        statement="results",
                        case=f"{operation}, {layout}, {case} lengths",
                        error=error,
                        control_error=careless,
                        counterexample=f"{operation} of {layout} sequences, {case} lengths: off by {error:.3g}",
                    )


@observation
class StorageRow(Row):
    """One batch, padded or in one layout."""

    case: str
    """Kind of lengths, or the user's file."""
    layout: str
    """padded, jagged or strided."""
    waste: float
    """Share of the padded tensor that is padding."""
    stored_numbers: int
    share_of_padded: float
    """stored_numbers over those of the padded tensor."""


def run_storage(setup: Batches) -> Iterator[StorageRow]:
    from experiments.data.core.nested import nest, pad, stored_elements, waste

    for case, sequences in setup.batches.items():
        padded = pad(sequences)[0]
        tensors: dict[str, Tensor] = {"padded": padded}
        tensors |= {layout: nest(sequences, layout) for layout in setup.params.layout}
        for layout, tensor in tensors.items():
            yield StorageRow(
                case=case,
                layout=layout,
                waste=waste([len(sequence) for sequence in sequences]),
                stored_numbers=stored_elements(tensor),
                share_of_padded=stored_elements(tensor) / padded.numel(),
            )


def beyond_the_elements(rows: Sequence[StorageRow]) -> Instances:
    """How far the share that is stored is from 1 - waste; the control is the padded tensor itself."""
    nested = [row for row in rows if row.layout != "padded"]
    worst = max(nested, key=excess)
    return Instances(
        errors=[excess(row) for row in nested],
        control=[excess(row) for row in rows if row.layout == "padded"],
        counterexample=f"{worst.layout}: {worst.stored_numbers} numbers at a waste of {worst.waste:.4g}",
    )


def excess(row: StorageRow) -> float:
    return abs(row.share_of_padded - (1 - row.waste))


LAWS = Part(
    name="laws",
    row=TrialRow,
    run=run_laws,
    claims=(
        Claim(
            "results_are_those_of_each_sequence",
            statement="A NestedTensor gives what each sequence gives alone.",
            rule=Theorem(
                "results of a linear layer and of attention are those of each sequence alone, in both layouts",
                control="padding that is taken for data",
                tolerance=1e-5,
            ),
            measure=instances("results", one_control=True),  # where nothing is padded, nothing can be mistaken
            topic="NestedTensor, results",
            predicted="holds",
            source="PyTorch documentation, torch.nested",
        ),
    ),
    tables=(TRIALS,),
)
STORAGE = Part(
    name="storage",
    row=StorageRow,
    run=run_storage,
    claims=(
        Claim(
            "only_the_elements_are_stored",
            statement="A NestedTensor stores the elements only: 1 - waste of what padding stores.",
            rule=Theorem(
                "stored over padded numbers are the sum of the lengths over n times the longest",
                control="the padded tensor",
                tolerance=1e-12,
            ),
            measure=beyond_the_elements,
            topic="one efficient structure: memory",
            predicted="holds",
            source="PyTorch documentation, torch.nested",
        ),
    ),
    tables=(Table("Storage", by=("case", "layout"), columns=("waste", "stored_numbers", "share_of_padded")),),
)
