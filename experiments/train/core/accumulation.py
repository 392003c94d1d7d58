"""What is in ``.grad`` after several backward passes: torch adds, so a loop without zero_grad sums its gradients."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def gradient_after(passes: int, inputs: Tensor, targets: Tensor, *, zero_grad: bool) -> Tensor:
    """Gradient (p,) of the squared error of one linear model at its initial weights, after ``passes`` backward passes.

    ``inputs`` (n, p) and ``targets`` (n,); the weights are all ones and are not updated.

    >>> x, y = torch.tensor([[1.0], [2.0]]), torch.zeros(2)
    >>> [gradient_after(3, x, y, zero_grad=zeroed).item() for zeroed in (True, False)]
    [5.0, 15.0]
    """
    weights = nn.Parameter(torch.ones(inputs.shape[1], dtype=inputs.dtype))
    for _ in range(passes):
        if zero_grad:
            weights.grad = None
        nn.functional.mse_loss(inputs @ weights, targets).backward()
    assert weights.grad is not None
    return weights.grad
