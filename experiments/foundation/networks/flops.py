"""Parameters, multiply-adds and FLOPs of one forward pass, counted while it runs.

Counted: convolutions and matrix products, by torch's FlopCounterMode, FLOP = 2 MAC. Not counted: biases, activations,
pooling, normalization. The pass runs on the meta device in eval mode with gradients on, where attention and recurrent
layers fall into single products; the fused kernels of a CPU would hide theirs.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
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


def ghost(module: nn.Module) -> nn.Module:
    """A copy on the meta device: it has shapes but no numbers, so a pass through it costs no memory and no time.

    What modules share, such as tied weights, the copy shares too.
    """
    tensors = [*module.parameters(), *module.buffers()]
    tensors += [value for part in module.modules() for value in vars(part).values() if isinstance(value, Tensor)]
    shadows: dict[int, object] = {id(tensor): _shadow(tensor) for tensor in tensors}
    return copy.deepcopy(module, shadows)


def _shadow(tensor: Tensor) -> Tensor:
    empty = torch.empty_like(tensor, device="meta")
    return nn.Parameter(empty, requires_grad=tensor.requires_grad) if isinstance(tensor, nn.Parameter) else empty


def forward_cost(network: nn.Module, shape: tuple[int, ...]) -> Cost:
    """Cost of ``network`` on one input of ``shape`` (without the batch axis); works on shapes alone, computes
    nothing."""
    shadow = ghost(network).eval()
    dtype = next(shadow.parameters()).dtype
    with FlopCounterMode(display=False) as counter:
        shadow(torch.empty(1, *shape, device="meta", dtype=dtype))
    return Cost(parameters=sum(p.numel() for p in network.parameters()), macs=counter.get_total_flops() // 2)
