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
