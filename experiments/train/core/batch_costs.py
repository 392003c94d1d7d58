"""How noisy the gradient of a random batch is, and how many bytes its step holds.

For N per-sample gradients with covariance S (denominator N), the mean over a batch of B has covariance of trace
tr S / B if drawn with replacement, and tr S / B * (N - B) / (N - 1) without: 0 for B = N.
Source: Cochran, Sampling Techniques, 3rd edition, 1977, chapter 2.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product

import torch
from torch import Tensor, nn


def per_sample_gradients(network: nn.Module, inputs: Tensor, labels: Tensor) -> Tensor:
    """(n, parameters): the gradient of the cross entropy of every sample of (n, features), in float64."""
    rows = []
    for x, y in zip(inputs, labels, strict=True):
        gradients = torch.autograd.grad(
            nn.functional.cross_entropy(network(x[None]), y[None]), list(network.parameters())
        )
        rows.append(torch.cat([g.flatten() for g in gradients]).double())
    return torch.stack(rows)


def noise_in_theory(gradients: Tensor, batch_size: int, *, replace: bool) -> float:
    """Trace of the covariance of a batch's mean gradient, from all gradients (N, parameters).

    >>> gradients = torch.tensor([[-1.0], [1.0], [-1.0], [1.0]])
    >>> [round(noise_in_theory(gradients, 2, replace=replace), 4) for replace in (True, False)]
    [0.5, 0.3333]
    """
    n = len(gradients)
    variance = float((gradients - gradients.mean(0)).square().sum() / n)
    return variance / batch_size * (1 if replace else (n - batch_size) / (n - 1))


def noise_over_all_batches(gradients: Tensor, batch_size: int, *, replace: bool) -> float:
    """Mean squared distance of a batch's gradient from that of all (N, parameters), over every batch there is."""
    n = len(gradients)
    batches = list(product(range(n), repeat=batch_size) if replace else combinations(range(n), batch_size))
    means = gradients[torch.tensor(batches)].mean(1)
    return float((means - gradients.mean(0)).square().sum(1).mean())


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
