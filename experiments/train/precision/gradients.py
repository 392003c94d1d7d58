"""Gradients of a small loss: how large they are, and how many a loss scale saves in fp16."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.train.precision.setup import Numbers

SHARE = "Share of the gradients"


@observation
class ExponentRow(Row):
    exponent: int
    """e of gradients with |g| in [2^e, 2^(e+1)); smaller and larger ones count at the ends."""
    share: float
    """Of all gradients, in float32."""


def run_exponents(numbers: Numbers) -> Iterator[ExponentRow]:
    from experiments.train.core.loss_scaling import exponent_shares, gradients

    drawn = numbers.drawn()
    true = gradients(drawn.network, drawn.inputs, drawn.targets, loss_factor=numbers.params.loss_factor)
    for exponent, share in exponent_shares(true, -40, 0).items():
        yield ExponentRow(exponent=exponent, share=share)


@observation
class ScaleRow(Row):
    """Gradients in fp16 under one loss scale."""

    exponent: int
    """k of the scale 2^k."""
    share: float
    """Of gradients that became 0."""
    gradient_error: float
    """|scaled gradient / scale - gradient| / |gradient|, Euclidean norms."""


def run_scales(numbers: Numbers) -> Iterator[ScaleRow]:
    import torch

    from experiments.train.core.loss_scaling import gradients

    drawn, factor = numbers.drawn(), numbers.params.loss_factor
    true = gradients(drawn.network, drawn.inputs, drawn.targets, loss_factor=factor)
    for k in numbers.params.scale_exponents:
        half = gradients(
            drawn.network, drawn.inputs, drawn.targets, loss_factor=factor, scale=2.0**k, compute=torch.float16
        )
        yield ScaleRow(
            exponent=k,
            share=float((half == 0).double().mean()),
            gradient_error=float((half - true).norm() / true.norm()),
        )


def below_fp16(rows: Sequence[ExponentRow]) -> str:
    """What the curve shows."""
    seeds = len({row.seed for row in rows})
    small = sum(row.share for row in rows if row.exponent < -24) / seeds
    return f"{percent(small)} of the gradients of a small loss lie below 2^-24, the smallest number of fp16"


def saved(rows: Sequence[ScaleRow]) -> str:
    """What the curve shows."""
    lost = {k: mean(rows, "share", exponent=k) for k in sorted({row.exponent for row in rows})}
    first, *_, last = lost
    return f"Without a loss scale {percent(lost[first])} of gradients underflow, with 2^{last} {percent(lost[last])}"


EXPONENTS = Part(
    name="exponents",
    row=ExponentRow,
    run=run_exponents,
    curves=(Curve("gradient_exponents", "exponent", "share", title=below_fp16, y_label=SHARE),),
)
SCALES = Part(
    name="scales",
    row=ScaleRow,
    run=run_scales,
    tables=(Table("Gradients of a small loss in fp16, by loss scale 2^k", ("exponent",), ("share", "gradient_error")),),
    curves=(Curve("underflow", "exponent", "share", title=saved, y_label=SHARE),),
)
