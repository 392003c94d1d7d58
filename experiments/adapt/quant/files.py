"""What a model becomes in each block format: bits per weight, size of the file, noise; and the GGUF file itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.adapt.quant.setup import Networks
from experiments.lab.answers import number
from experiments.lab.errors import InputError
from experiments.lab.experiment import Curve, Event, Note, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Observed
from experiments.lab.judge.rules import Fact, Under

if TYPE_CHECKING:
    from experiments.adapt.core.gguf_file import Tensor
    from experiments.adapt.quant.own import Model


@observation
class FileRow(Row):
    """One model in one format."""

    model: str
    format: str
    weights: int
    """In the whole model."""
    block_bits_per_weight: float
    """Of the matrices in this format, counted from their bytes."""
    bits_per_weight: float
    """Of the whole file: finer embedding, vectors and metadata included."""
    file_bytes: int
    smaller_than_float32: float
    """How many times."""
    decibels: float
    """Of all weights."""
    largest_error: float
    """The farthest that any weight moves."""
    runs_in: str
    """What the file is for."""


@dataclass
class Tally:
    """Sums over the tensors of a model."""

    signal: float = 0.0
    noise: float = 0.0
    largest_error: float = 0.0
    block_weights: int = 0
    block_bytes: int = 0

    def add(self, tensor: Tensor, stored: str) -> None:
        """Compare a tensor's weights with those that its bytes stand for."""
        import numpy as np

        from experiments.adapt.core.block_formats import FORMATS, decode

        weights, data = tensor.read(), tensor.data()
        if tensor.stored in FORMATS:
            kept = decode(data, FORMATS[tensor.stored])
        else:
            kept = data.view("<f2" if tensor.stored == "f16" else "<f4").astype(np.float32).reshape(weights.shape)
        error = weights - kept
        if not np.isfinite(error).all():
            raise InputError(f"{tensor.name} has weights beyond float16's range, which {tensor.stored} cannot hold")
        self.signal += float(np.square(weights, dtype=np.float64).sum())
        self.noise += float(np.square(error, dtype=np.float64).sum())
        self.largest_error = max(self.largest_error, float(np.abs(error).max(initial=0)))
        if tensor.stored == stored:
            self.block_weights += tensor.n_weights
            self.block_bytes += data.nbytes


def run(networks: Networks) -> Iterator[Event]:
    from experiments.adapt.quant.own import trained_model

    model = networks.yours or trained_model(networks.decoder())
    for stored in networks.params.format:
        tally, tensors = Tally(), model.tensors(stored)
        for done, tensor in enumerate(tensors):
            yield Progress(stored, done, len(tensors))
            try:
                tally.add(tensor, stored)
            except ValueError as error:
                raise InputError(f"model={networks.params.model}: {error}") from None
        yield _row(model, stored, tally, tensors)
        if networks.params.out is not None:
            yield from written(networks, model, stored)


def _row(model: Model, stored: str, tally: Tally, tensors: Sequence[Tensor]) -> FileRow:
    from experiments.adapt.core.gguf_file import file_bytes

    weights, size = sum(tensor.n_weights for tensor in tensors), file_bytes(model.metadata(stored), tensors)
    if not tally.block_weights:
        raise InputError(f"model={model.name}: no matrix has rows of a multiple of 32 weights, as {stored} needs")
    return FileRow(
        model=model.name,
        format=stored,
        weights=weights,
        block_bits_per_weight=8 * tally.block_bytes / tally.block_weights,
        bits_per_weight=8 * size / weights,
        file_bytes=size,
        smaller_than_float32=file_bytes(model.metadata("f32"), model.tensors("f32")) / size,
        decibels=10 * math.log10(tally.signal / tally.noise) if tally.noise else math.inf,
        largest_error=tally.largest_error,
        runs_in="llama.cpp" if model.runs else "nothing: tensors alone",
    )


def written(networks: Networks, model: Model, stored: str) -> Iterator[Note]:
    """The file that the user asked for."""
    from experiments.adapt.core.gguf_file import write_gguf

    out = networks.params.out
    assert out is not None
    try:
        write_gguf(out, model.metadata(stored), model.tensors(stored))
    except OSError as error:
        raise InputError(f"out={out} cannot be written: {error.strerror}") from None
    use = f"llama-cli -m {out} runs it" if model.runs else "it holds tensors alone, which llama.cpp cannot run"
    yield Note(f"{out} is written in {stored}: {use}")


def counted(rows: Sequence[FileRow]) -> Mapping[str, Observed]:
    return {row.format: Observed(row.block_bits_per_weight) for row in rows}


def bought(rows: Sequence[FileRow]) -> str:
    """What the curve shows."""
    least, most = (choose(rows, key=lambda row: row.block_bits_per_weight) for choose in (min, max))
    bits, decibels = (
        (least.block_bits_per_weight, most.block_bits_per_weight),
        (least.decibels, most.decibels),
    )
    return f"{bits[0]:g} bits a weight keep {number(decibels[0])} dB, {bits[1]:g} bits {number(decibels[1])} dB"


PART = Part(
    name="files",
    row=FileRow,
    run=run,
    claims=(
        Claim(
            "formats_have_these_bits",
            statement="Scales count: a weight takes 8.5 bits in Q8_0, 6 in Q5_1, 5.5 in Q5_0, 5 in Q4_1, 4.5 in Q4_0.",
            rule=Under(
                {
                    name: Fact("bits per weight, counted from bytes", bits)
                    for name, bits in (("q8_0", 8.5), ("q5_1", 6.0), ("q5_0", 5.5), ("q4_1", 5.0), ("q4_0", 4.5))
                }
            ),
            measure=counted,
            topic="Quantization: bits",
            predicted="holds",
            source="ggml's block structures: 32 codes, a float16 scale, in the formats _1 a float16 minimum",
        ),
    ),
    tables=(
        Table(
            "The model in each format",
            by=("model", "format"),
            columns=("weights", "block_bits_per_weight", "file_bytes", "smaller_than_float32", "largest_error"),
        ),
    ),
    curves=(Curve("noise_by_format", "block_bits_per_weight", "decibels", joined=False, title=bought),),
)
