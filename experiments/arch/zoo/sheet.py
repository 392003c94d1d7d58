"""The sheet: one specimen of each architecture, what it costs and what it keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.arch.zoo.setup import Specimen, Zoo
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem


@observation
class SheetRow(Row):
    """One architecture."""

    architecture: str
    keeps: str
    """Moves of the input that it does not notice: of images without border, of sequences and patches without
    positions."""
    inputs: str
    """Shape of one input."""
    parameters: int
    closed_form: int
    """Parameters by the formula."""
    flops: int
    """Of one input, forward; two for a multiply-add."""
    sequential_steps: int
    """Matrix products, each of which waits for the one before."""
    path_length: int
    """Weight layers until some unit sees the first and the last number of the input."""
    activation_bytes: int
    """What a forward pass keeps for the backward pass."""


def run(zoo: Zoo) -> Iterator[SheetRow]:
    for specimen in zoo.specimens():
        yield row_of(specimen)


def row_of(specimen: Specimen) -> SheetRow:
    from experiments.arch.core.dependence import activation_bytes, longest_chain, path_length
    from experiments.foundation.costs.flops_counter import count, ghost

    network, inputs = specimen.network, specimen.inputs
    counted = count(ghost(network), inputs.to("meta"))
    return SheetRow(
        architecture=specimen.name,
        keeps=specimen.keeps,
        inputs=" x ".join(map(str, inputs.shape[1:])),
        parameters=counted.parameters,
        closed_form=specimen.closed_form,
        flops=counted.flops,
        sequential_steps=longest_chain(network(inputs)),
        path_length=path_length(network, inputs),
        activation_bytes=activation_bytes(lambda: network(inputs), network),
    )


def sheet_and_forms(rows: Sequence[SheetRow]) -> Instances:
    """Parameters against the closed form; the control is the closed form of the next architecture on the sheet."""
    once = list({row.architecture: row for row in rows}.values())
    others = [row.closed_form for row in [*once[1:], *once[:1]]]
    return Instances(
        [abs(row.parameters - row.closed_form) for row in once],
        control=[abs(row.parameters - other) for row, other in zip(once, others, strict=True)],
        all_of=f"the {len(once)} architectures of the sheet",
    )


PART = Part(
    name="sheet",
    row=SheetRow,
    run=run,
    claims=(
        Claim(
            "sheet_is_what_the_forms_say",
            statement="Every architecture of the sheet has as many parameters as its closed form says.",
            rule=Theorem("the parameters are those of the closed form", control="another architecture's form"),
            measure=sheet_and_forms,
            topic="MLP, CNN, RNN, LSTM, GRU, Transformer, ViT, U-Net, autoencoder, GAN",
            predicted="holds",
            source="sums over layers",
        ),
    ),
    tables=(
        Table(
            title="The sheet",
            by=("architecture", "keeps", "inputs"),
            columns=("parameters", "flops", "sequential_steps", "path_length", "activation_bytes"),
        ),
    ),
)
