"""Networks that answer at one place of a sequence: stacks of local kernels, and what widens their view.

Bodies take and give (n, length, width). ``Reader`` puts the same embedding before each and the same head after it,
which reads one position. ``reach`` is how far to one side a position can see, None where it sees everything.

Sources: Dosovitskiy et al.: An Image is Worth 16x16 Words, https://arxiv.org/abs/2010.11929, 2021; Raghu et al.: Do
Vision Transformers See Like Convolutional Neural Networks?, https://arxiv.org/abs/2108.08810, 2021; dilated stacks: Yu,
Koltun: Multi-Scale Context Aggregation by Dilated Convolutions, https://arxiv.org/abs/1511.07122, 2016.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from experiments.foundation.costs.flops_counter import count

BodyName = Literal["conv", "dilated", "conv_gap", "large_kernel", "attention"]
ATTENTION_LAYERS = 2
HEADS = 2


@dataclass(frozen=True)
class Plan:
    """What stands between embedding and head."""

    body: BodyName
    depth: int
    """Layers; of ``dilated`` with dilations 1, 2, 4, ...; 1 for ``large_kernel``."""
    width: int
    """Channels."""
    length: int
    """Positions of a sequence."""

    @property
    def name(self) -> str:
        return f"conv, {self.depth} layers" if self.body == "conv" else self.body.replace("_", " ")

    @property
    def reach(self) -> int | None:
        """Positions to one side that an output can see; kernels have 3 taps, the large one 2 length - 1."""
        sides = {"conv": self.depth, "dilated": 2**self.depth - 1, "large_kernel": self.length - 1}
        return sides.get(self.body)


class LocalStack(nn.Module):
    """Convolutions along the sequence with ReLU, of one kernel size, with the dilations given, padded with zeros."""

    def __init__(self, width: int, kernel: int, dilations: Sequence[int]) -> None:
        super().__init__()
        self.layers = nn.Sequential()
        for dilation in dilations:
            padding = dilation * (kernel // 2)
            convolution = nn.Conv1d(width, width, kernel, padding=padding, dilation=dilation)
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")  # torch's default fades over many layers
            assert convolution.bias is not None
            nn.init.zeros_(convolution.bias)
            self.layers.extend([convolution, nn.ReLU()])

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x.transpose(1, 2)).transpose(1, 2)


class WithMean(nn.Module):
    """A body whose outputs all get the mean over positions added, through a linear map: global average pooling."""

    def __init__(self, body: nn.Module, width: int) -> None:
        super().__init__()
        self.body = body
        self.spread = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        local = self.body(x)
        return local + self.spread(local.mean(1, keepdim=True))


class Attention(nn.Module):
    """Learned positions and post-norm encoder layers."""

    def __init__(self, width: int, length: int, layers: int) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.randn(length, width) * 0.1)
        self.layers = nn.Sequential(
            *(nn.TransformerEncoderLayer(width, HEADS, 2 * width, dropout=0.0, batch_first=True) for _ in range(layers))
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x + self.position)


def build_body(plan: Plan) -> nn.Module:
    """From torch's global random state."""
    if plan.body == "attention":
        return Attention(plan.width, plan.length, plan.depth)
    if plan.body == "large_kernel":
        return LocalStack(plan.width, 2 * plan.length - 1, [1])
    if plan.body == "dilated":
        return LocalStack(plan.width, 3, [2**layer for layer in range(plan.depth)])
    stack = LocalStack(plan.width, 3, [1] * plan.depth)
    return WithMean(stack, plan.width) if plan.body == "conv_gap" else stack


class Reader(nn.Module):
    """Embedding of every position, a body, and two logits read at one position of each sequence."""

    def __init__(self, plan: Plan, channels: int) -> None:
        super().__init__()
        self.embed = nn.Linear(channels, plan.width)
        self.body = build_body(plan)
        self.head = nn.Sequential(nn.Linear(plan.width, plan.width), nn.ReLU(), nn.Linear(plan.width, 2))

    def forward(self, sequences: Tensor, places: Tensor) -> Tensor:
        """Logits (n, 2) at ``places`` (n,) of ``sequences`` (n, length, channels)."""
        outputs = self.body(self.embed(sequences))
        return self.head(outputs[torch.arange(len(places)), places])


def body_macs(plan: Plan) -> int:
    """Multiply-adds of the body on one sequence, from shapes alone."""
    with torch.device("meta"):
        return count(build_body(plan), torch.empty(1, plan.length, plan.width)).macs


def matched_attention(conv: Plan) -> Plan:
    """Two layers of attention of the largest even width whose multiply-adds do not exceed those of ``conv``.

    >>> matched_attention(Plan("conv", depth=8, width=16, length=8)).width
    18
    """
    limit = body_macs(conv)
    plan = Plan("attention", ATTENTION_LAYERS, HEADS, conv.length)
    while body_macs(wider := Plan("attention", ATTENTION_LAYERS, plan.width + HEADS, conv.length)) <= limit:
        plan = wider
    return plan


def plans(bodies: Sequence[BodyName], depths: Sequence[int], width: int, length: int) -> list[Plan]:
    """Every network that is asked for; attention gets the multiply-adds of the deepest ``conv``."""
    ordered = sorted(set(depths))
    asked = {
        "conv": [Plan("conv", depth, width, length) for depth in ordered],
        "dilated": [Plan("dilated", math.ceil(math.log2(length)), width, length)],
        "conv_gap": [Plan("conv_gap", ordered[0], width, length)],
        "large_kernel": [Plan("large_kernel", 1, width, length)],
        "attention": [matched_attention(Plan("conv", ordered[-1], width, length))],
    }
    return [plan for body in dict.fromkeys(bodies) for plan in asked[body]]
