"""Parameters, multiply-adds and FLOPs of one forward pass, counted while it runs.

Counted: convolutions and matrix products, by torch's FlopCounterMode, FLOP = 2 MAC. Not counted: biases, activations,
pooling, normalization. The pass runs on the meta device in eval mode with gradients on, where attention and recurrent
layers fall into single products; the fused kernels of a CPU would hide theirs.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class Cost:
    """What one sample costs."""

    parameters: int
    macs: int
    """Multiply-adds forward."""

    @property
    def flops(self) -> int:
        return 2 * self.macs


def forward_cost(network: nn.Module, shape: tuple[int, ...]) -> Cost:
    """Cost of ``network`` on one input of ``shape`` (without the batch axis); works on shapes alone, computes
    nothing."""
    ghost = copy.deepcopy(network).to("meta").eval()
    dtype = next(ghost.parameters()).dtype
    with FlopCounterMode(display=False) as counter:
        ghost(torch.empty(1, *shape, device="meta", dtype=dtype))
    return Cost(parameters=sum(p.numel() for p in network.parameters()), macs=counter.get_total_flops() // 2)
