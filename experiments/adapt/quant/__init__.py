"""What do fewer bits per weight cost?

What does a network lose when its weights get fewer bits, and which bits should they be?

A small Llama is trained on text; its weights are rounded to 8 bits and fewer, with a scale per tensor, channel and
block, and to the block formats of llama.cpp. A model of yours is written as a GGUF file.

Notes: quantization, int8 and int4; llama.cpp and GGUF.

Source: Widrow, Kollár: Quantization Noise, 2008; Jacob et al.: Quantization and Training of Neural Networks for
Efficient Integer-Arithmetic-Only Inference, 2018; llama.cpp, github.com/ggml-org/llama.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.adapt.quant import bits, files, formats, grids, laws, outliers
from experiments.adapt.quant.setup import Params, prepare
from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Own, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    answered = rows.if_run(formats.PART)
    if answered:
        return answers_of(answered)
    small = min(rows.of(files.PART), key=lambda row: row.file_bytes)
    return (
        f"In {small.format} the {number(small.weights)} weights of {small.model} are a file of "
        f"{number(small.file_bytes)} bytes, {number(small.smaller_than_float32)} times smaller than in float32; "
        f"they are {number(small.decibels)} dB above their rounding error."
    )


def answers_of(rows: Sequence[formats.FormatRow]) -> str:
    """The network's answers from the formats of most and fewest bits."""
    most, least = (choose(rows, key=lambda row: row.bits_per_weight).format for choose in (max, min))
    said = [
        f"{number(mean(rows, 'bits_per_weight', format=name))} bits a weight ({name}) change the perplexity by "
        f"{percent(mean(rows, 'perplexity_ratio', format=name) - 1, 2)} and the most probable byte at "
        f"{percent(1 - mean(rows, 'agreement', format=name), 2)} of the positions"
        for name in dict.fromkeys((most, least))
    ]
    return "; ".join(said) + "."


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, grids.PART, outliers.PART, files.PART, formats.PART, bits.PART),
    answer=answer,
    own=Own(given=lambda params: params.is_own, parts=(files.PART.name,)),
    headline=Headline(
        files.PART,
        Table(
            "One model, in fewer bits",
            by=("format",),
            columns=("bits_per_weight", "file_bytes", "decibels", "largest_error"),
        ),
    ),
)
