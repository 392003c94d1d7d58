"""Bytes that a training step holds."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


def training_bytes(network: nn.Module, compute_loss: Callable[[], Tensor]) -> tuple[int, int]:
    """(bytes that the forward pass keeps for the backward pass, bytes of parameters and gradients).

    Parameters that the graph keeps are counted as parameters alone, but copies of them in another type as kept; a
    tensor kept twice counts once.
    """
    own = {p.untyped_storage().data_ptr() for p in network.parameters()}
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = compute_loss()
    activations = sum(kept.values())
    loss.backward()
    held = sum(p.nbytes + (0 if p.grad is None else p.grad.nbytes) for p in network.parameters())
    network.zero_grad()
    return activations, held
