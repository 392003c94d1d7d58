"""Optimizers by name, in the fused form where torch has one for the device.

A fused optimizer updates all parameters in one call; the numbers are those of the plain one up to rounding.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from experiments.foundation.networks.choices import OptimizerName


def build_optimizer(
    name: OptimizerName,
    parameters: Iterable[nn.Parameter],
    *,
    lr: float,
    weight_decay: float = 0.0,
    momentum: float = 0.9,
) -> torch.optim.Optimizer:
    """An optimizer over ``parameters``.

    ``weight_decay`` is decoupled from the gradient in adamw and an L2 penalty elsewhere; ``momentum`` (Nesterov's) is
    sgd's alone.
    """
    kept = list(parameters)
    fused = True if {p.device.type for p in kept} <= {"cpu", "cuda"} else None
    match name:
        case "sgd":
            return torch.optim.SGD(
                kept, lr, momentum=momentum, nesterov=momentum > 0, weight_decay=weight_decay, fused=fused
            )
        case "adam":
            return torch.optim.Adam(kept, lr, weight_decay=weight_decay, fused=fused)
        case "adamw":
            return torch.optim.AdamW(kept, lr, weight_decay=weight_decay, fused=fused)
        case "adagrad":
            return torch.optim.Adagrad(kept, lr, weight_decay=weight_decay, fused=fused if kept[0].is_cpu else None)
        case "rmsprop":
            return torch.optim.RMSprop(kept, lr, weight_decay=weight_decay)
        case "adadelta":
            return torch.optim.Adadelta(kept, lr, weight_decay=weight_decay)
