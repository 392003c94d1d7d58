"""Curvature of the loss of a small network: the Hessian's extreme eigenvalues, and its permutation symmetry.

The network is x -> V tanh(W x + b) + c with its parameters in one vector, so that autograd can differentiate it twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class TinyNetwork:
    """``hidden`` tanh units between ``features`` and ``classes``; no hidden units: softmax regression."""

    features: int
    hidden: int
    classes: int

    @property
    def size(self) -> int:
        """Number of parameters."""
        if self.hidden == 0:
            return self.classes * (self.features + 1)
        return self.hidden * (self.features + 1) + self.classes * (self.hidden + 1)

    def _parts(self, theta: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        h, d, c = self.hidden, self.features, self.classes
        W, b, V, a = theta.split((h * d, h, c * h, c))
        return W.view(h, d), b, V.view(c, h), a

    def logits(self, theta: Tensor, inputs: Tensor) -> Tensor:
        """(n, classes) of ``inputs`` (n, features)."""
        if self.hidden == 0:
            W, b = theta.split((self.classes * self.features, self.classes))
            return inputs @ W.view(self.classes, self.features).T + b
        W, b, V, a = self._parts(theta)
        return torch.tanh(inputs @ W.T + b) @ V.T + a

    def loss(self, theta: Tensor, inputs: Tensor, labels: Tensor) -> Tensor:
        """Mean cross entropy."""
        return nn.functional.cross_entropy(self.logits(theta, inputs), labels)

    def permuted(self, theta: Tensor, order: Tensor) -> Tensor:
        """The same function with its hidden units in another ``order`` (hidden,)."""
        W, b, V, a = self._parts(theta)
        return torch.cat([W[order].flatten(), b[order], V[:, order].flatten(), a])


def extreme_curvatures(network: TinyNetwork, theta: Tensor, inputs: Tensor, labels: Tensor) -> tuple[float, float]:
    """(smallest, largest) eigenvalue of the Hessian of the loss at ``theta`` (size,)."""
    hessian = torch.autograd.functional.hessian(lambda point: network.loss(point, inputs, labels), theta)
    eigenvalues = torch.linalg.eigvalsh((hessian + hessian.T) / 2)
    return float(eigenvalues[0]), float(eigenvalues[-1])


def largest_curvature(network: nn.Module, inputs: Tensor, labels: Tensor, *, iterations: int = 50) -> float:
    """Largest eigenvalue of the Hessian of the mean cross entropy at the network's weights, by power iteration.

    It is the eigenvalue of largest magnitude, which is the largest one as long as curvature up exceeds curvature down.
    The start comes from torch's global generator.
    """
    weights = list(network.parameters())
    loss = nn.functional.cross_entropy(network(inputs), labels)
    gradients = torch.autograd.grad(loss, weights, create_graph=True)
    direction, curvature = [torch.randn_like(w) for w in weights], 0.0
    for _ in range(iterations):
        norm = float(sum(d.square().sum() for d in direction)) ** 0.5
        direction = [d / norm for d in direction]
        products = torch.autograd.grad(gradients, weights, direction, retain_graph=True)  # Hessian times direction
        curvature = float(sum((d * p).sum() for d, p in zip(direction, products, strict=True)))
        direction = [p.detach() for p in products]
    return curvature
