"""Two loss surfaces with walls: a recurrent unit in two parameters, and a linear recurrent network.

The unit is that of Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks, 2013, section 2:
x <- w sigmoid(x) + b for 50 steps from x = 0.5, squared error to 0.7. The network h <- W h + u sums a signal of
``length`` steps; beyond a spectral radius of 1 its gradient grows exponentially.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from experiments.foundation.networks import fit
from experiments.foundation.networks.timing import reproducible
from experiments.grad.core.clipping import total_norm


@dataclass(frozen=True, kw_only=True)
class Descent:
    """One run of gradient descent."""

    losses: tuple[float, ...]
    """Before every step and after the last, as far as it went."""
    points: tuple[tuple[float, ...], ...]
    """The parameters beside them, where there are two; else empty."""
    diverged: bool
    """The loss was not finite or above a million times the first."""
    largest_gradient: float
    """Largest norm before clipping."""

    @property
    def largest_rise(self) -> float:
        """The largest rise of the loss by one step: how far a step passes the minimum."""
        pairs = zip(self.losses[:-1], self.losses[1:], strict=True)
        return max((after - before for before, after in pairs), default=0.0)


def unit_loss(parameters: Tensor, steps: int = 50) -> Tensor:
    """(x_50 - 0.7)^2 of the recurrent unit with parameters (w, b)."""
    x = torch.tensor(0.5, dtype=parameters.dtype)
    for _ in range(steps):
        x = parameters[0] * torch.sigmoid(x) + parameters[1]
    return (x - 0.7) ** 2


def descend_unit(start: Sequence[float], lr: float, steps: int, limit: float | None) -> Descent:
    """Gradient descent on the recurrent unit from (w, b), clipped by norm where a limit is given."""
    with reproducible(0):
        parameters = nn.Parameter(torch.tensor(start, dtype=torch.float64))
        return _descend([parameters], lambda: unit_loss(parameters), lr, steps, limit)


def descend_network(
    *, gain: float, length: int, width: int, lr: float, steps: int, limit: float | None, seed: int
) -> Descent:
    """Gradient descent on a linear recurrent network whose recurrent matrix starts as ``gain`` times a rotation.

    It reads a signal (64, length) of variance 1 / length and predicts its sum from the last hidden state.
    """
    with reproducible(seed):
        recurrent = nn.Parameter(gain * torch.linalg.qr(torch.randn(width, width, dtype=torch.float64))[0])
        write = nn.Parameter(torch.randn(width, dtype=torch.float64) / math.sqrt(width))
        read = nn.Parameter(torch.randn(width, dtype=torch.float64) / math.sqrt(width))
        signal = torch.randn(64, length, dtype=torch.float64) / math.sqrt(length)

        def loss() -> Tensor:
            hidden = torch.zeros(64, width, dtype=torch.float64)
            for value in signal.unbind(1):
                hidden = hidden @ recurrent.T + value[:, None] * write
            return (hidden @ read - signal.sum(1)).square().mean()

        return _descend([recurrent, write, read], loss, lr, steps, limit)


def _descend(
    parameters: list[nn.Parameter], loss_of: Callable[[], Tensor], lr: float, steps: int, limit: float | None
) -> Descent:
    losses: list[float] = []
    points: list[tuple[float, ...]] = []
    norms: list[float] = []

    def descending() -> Iterator[Tensor]:
        """The loss before every step and after the last, which is only noted; nothing after a divergence."""
        while len(losses) <= steps:
            loss = loss_of()
            losses.append(float(loss.detach()))
            if len(parameters) == 1:
                points.append(tuple(parameters[0].detach().tolist()))
            if _diverged(losses) or len(losses) > steps:
                return
            yield loss

    def measure(_: Tensor) -> None:
        norms.append(total_norm([p.grad for p in parameters if p.grad is not None]))

    for _ in fit.steps(torch.optim.SGD(parameters, lr=lr), descending(), clip=limit, inspect=measure):
        pass
    return Descent(
        losses=tuple(losses),
        points=tuple(points),
        diverged=_diverged(losses),
        largest_gradient=max((0.0, *norms)),
    )


def _diverged(losses: Sequence[float]) -> bool:
    return not math.isfinite(losses[-1]) or losses[-1] > 1e6 * max(losses[0], 1e-12)


def steepest_start(bias: float, weights: Sequence[float]) -> tuple[float, float]:
    """(w, b) with the steepest gradient of the unit's loss among the given w: a point on the wall."""
    found: list[tuple[float, float]] = []
    for weight in weights:
        parameters = torch.tensor([weight, bias], dtype=torch.float64, requires_grad=True)
        (gradient,) = torch.autograd.grad(unit_loss(parameters), parameters)
        found.append((float(gradient.norm()), weight))
    return max(found)[1], bias


def loss_surface(weights: Sequence[float], biases: Sequence[float]) -> list[list[float]]:
    """Loss of the unit at every bias (rows) and weight (columns)."""
    return [[float(unit_loss(torch.tensor([w, b], dtype=torch.float64))) for w in weights] for b in biases]
