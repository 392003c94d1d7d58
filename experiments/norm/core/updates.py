"""The model update: how far one step of gradient descent moves what a transformer computes.

Source: Wang et al.: DeepNet: Scaling Transformers to 1,000 Layers, 2022.
"""

from __future__ import annotations

import torch

from experiments.foundation.architectures.transformer import Encoder, Placement
from experiments.foundation.networks.timing import reproducible


def model_update(layers: int, dim: int, placement: Placement, lr: float, seed: int) -> float:
    """Root mean square change of the encoder's output on random tokens (8, 8, dim) after one step of sgd."""
    with reproducible(seed):
        encoder = Encoder(layers=layers, dim=dim, heads=4, placement=placement).double()
        x, target = torch.randn(8, 8, dim).double(), torch.randn(8, 8, dim).double()
        before = encoder(x)
        (before * target).mean(0).sum().div(dim**0.5).backward()
        with torch.no_grad():
            for parameter in encoder.parameters():
                if parameter.grad is not None:
                    parameter.sub_(lr * parameter.grad)
            return float((encoder(x) - before).square().mean().sqrt())
