"""How large is a unit's receptive field?

How large is the receptive field of a unit in a stack of convolutions, and how much of it matters?

The gradient of one output by the input is exact about what is seen: its extent is compared with the formula, its spread
is measured over depth, downsampling and dilation, and pixels outside the field are checked on a photograph.

Notes: local features by convolution; downsampling and receptive field.

Source: Luo, Li, Urtasun, Zemel: Understanding the Effective Receptive Field in Deep Convolutional Neural Networks,
2016; Araujo, Norris, Sim: Computing Receptive Fields of Convolutional Neural Networks, Distill, 2019.
"""

from __future__ import annotations

from experiments.cnn.receptive_field import fields, laws
from experiments.cnn.receptive_field.setup import Params, prepare
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    stacks = rows.of(fields.STACKS)
    seen = mean(stacks, "theoretical_size", stack="plain")
    effective = {stack: mean(stacks, "effective_size", stack=stack) for stack in fields.STACK_NAMES}
    return (
        f"{stacks[0].depth} plain convolutions see {number(seen)} pixels along an axis, but most of the gradient lies "
        f"in {number(effective['plain'])} of them. Two strided layers make that {number(effective['downsampled'])} "
        f"pixels, dilation {number(effective['dilated'])}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, fields.GROWTH, fields.STACKS),
    answer=answer,
    headline=Headline(fields.STACKS, Table("Pixels along an axis", by=("stack", "depth"), columns=fields.SIZES)),
)
