"""Parameters, multiply-adds and FLOPs of one sample, for studies that need no more: ``flops_counter`` has the rest."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from experiments.foundation.costs.flops_counter import count, ghost


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
    shadow = ghost(network).eval()
    dtype = next(shadow.parameters()).dtype
    counted = count(shadow, torch.empty(1, *shape, device="meta", dtype=dtype))
    return Cost(parameters=counted.parameters, macs=counted.macs)
