"""Update rules by their formulas: SGD, momentum, Nesterov, Adagrad, RMSprop, Adam, AdamW, AMSGrad.

Each is a function of weights, gradient and its own state, with torch's conventions: momentum without dampening, eps
outside the square root, RMSprop with alpha 0.99, Adam with bias correction, L2 added to the gradient except in AdamW,
which shrinks the weights apart from the gradient. One call is one step; t counts from 1.
Sources: Duchi, Hazan, Singer, JMLR 12, 2011 (Adagrad); Tieleman, Hinton, Coursera lecture 6.5, 2012 (RMSprop); Kingma,
Ba, ICLR 2015 (Adam); Loshchilov, Hutter, ICLR 2019 (AdamW); Reddi, Kale, Kumar, ICLR 2018 (AMSGrad and the example on
which Adam does not converge).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class State:
    """Step count and moments; what a rule does not use stays 0."""

    t: int = 0
    first: Tensor = field(default_factory=lambda: torch.zeros(()))
    second: Tensor = field(default_factory=lambda: torch.zeros(()))
    largest: Tensor = field(default_factory=lambda: torch.zeros(()))


@dataclass(frozen=True, kw_only=True)
class Rule:
    """An update rule: ``rule(theta, gradient, state)`` returns the next weights and state."""

    name: str
    lr: float | Tensor
    """A tensor (rates, 1) for weights (rates, p): one trajectory per rate."""
    weight_decay: float = 0.0
    eps: float = 1e-8
    betas: tuple[float, float] = (0.9, 0.999)

    def __call__(self, theta: Tensor, gradient: Tensor, state: State) -> tuple[Tensor, State]:
        g = gradient if self.name == "adamw" else gradient + self.weight_decay * theta
        direction, state = DIRECTIONS[self.name](self, g, replace(state, t=state.t + 1))
        if self.name == "adamw":
            theta = theta * (1 - self.lr * self.weight_decay)
        return theta - self.lr * direction, state


def _sgd(rule: Rule, g: Tensor, state: State) -> tuple[Tensor, State]:
    return g, state


def _momentum(rule: Rule, g: Tensor, state: State) -> tuple[Tensor, State]:
    # m = mu m + g
    m = rule.betas[0] * state.first + g
    return m, replace(state, first=m)


def _nesterov(rule: Rule, g: Tensor, state: State) -> tuple[Tensor, State]:
    # g + mu m with the new m: the gradient seen from where the momentum leads
    m, state = _momentum(rule, g, state)
    return g + rule.betas[0] * m, state


def _adagrad(rule: Rule, g: Tensor, state: State) -> tuple[Tensor, State]:
    # v = v + g^2; g / (sqrt(v) + eps)
    v = state.second + g * g
    return g / (v.sqrt() + rule.eps), replace(state, second=v)


def _rmsprop(rule: Rule, g: Tensor, state: State) -> tuple[Tensor, State]:
    # v = 0.99 v + 0.01 g^2; no bias correction
    v = 0.99 * state.second + 0.01 * g * g
    return g / (v.sqrt() + rule.eps), replace(state, second=v)


def _adam(rule: Rule, g: Tensor, state: State) -> tuple[Tensor, State]:
    # m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
    b1, b2 = rule.betas
    m = b1 * state.first + (1 - b1) * g
    v = b2 * state.second + (1 - b2) * g * g
    direction = (m / (1 - b1**state.t)) / ((v / (1 - b2**state.t)).sqrt() + rule.eps)
    return direction, replace(state, first=m, second=v)


def _amsgrad(rule: Rule, g: Tensor, state: State) -> tuple[Tensor, State]:
    # Adam with the largest v so far
    b1, b2 = rule.betas
    m = b1 * state.first + (1 - b1) * g
    v = b2 * state.second + (1 - b2) * g * g
    largest = torch.maximum(state.largest, v)
    direction = (m / (1 - b1**state.t)) / ((largest / (1 - b2**state.t)).sqrt() + rule.eps)
    return direction, replace(state, first=m, second=v, largest=largest)


Direction = Callable[[Rule, Tensor, State], tuple[Tensor, State]]
DIRECTIONS: Mapping[str, Direction] = {
    "sgd": _sgd,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "adagrad": _adagrad,
    "rmsprop": _rmsprop,
    "adam": _adam,
    "adamw": _adam,
    "amsgrad": _amsgrad,
}


def torch_twin(rule: Rule, parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """torch's optimizer of the same name and numbers."""
    lr, decay, eps = rule.lr, rule.weight_decay, rule.eps
    match rule.name:
        case "sgd":
            return torch.optim.SGD(parameters, lr, weight_decay=decay)
        case "momentum" | "nesterov":
            nesterov = rule.name == "nesterov"
            return torch.optim.SGD(parameters, lr, momentum=rule.betas[0], nesterov=nesterov, weight_decay=decay)
        case "adagrad":
            return torch.optim.Adagrad(parameters, lr, weight_decay=decay, eps=eps)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, lr, weight_decay=decay, eps=eps)
        case "adamw":
            return torch.optim.AdamW(parameters, lr, betas=rule.betas, weight_decay=decay, eps=eps)
        case "adam" | "amsgrad":
            amsgrad = rule.name == "amsgrad"
            return torch.optim.Adam(parameters, lr, betas=rule.betas, weight_decay=decay, eps=eps, amsgrad=amsgrad)
        case _:
            raise ValueError(f"expected one of {', '.join(DIRECTIONS)}, got {rule.name}")


Gradient = Callable[[Tensor, int], Tensor]
"""Gradient at weights (p,) in step t, from 0."""


def trajectory(rule: Rule, start: Tensor, gradient: Gradient, steps: int) -> Tensor:
    """Weights (steps + 1, p) from ``start`` (p,)."""
    theta, state, path = start, State(), [start]
    for t in range(steps):
        theta, state = rule(theta, gradient(theta, t), state)
        path.append(theta)
    return torch.stack(path)


def shrunk_trajectory(rule: Rule, decay: float, start: Tensor, gradient: Gradient, steps: int) -> Tensor:
    """As ``trajectory``, the weights multiplied by 1 - lr * ``decay`` before every step: decoupled weight decay."""
    theta, state, path = start, State(), [start]
    for t in range(steps):
        moved, state = rule(theta, gradient(theta, t), state)
        theta = moved - rule.lr * decay * theta
        path.append(theta)
    return torch.stack(path)


def torch_trajectory(rule: Rule, start: Tensor, gradient: Gradient, steps: int) -> Tensor:
    """The same by ``torch_twin``."""
    p = torch.nn.Parameter(start.clone())
    optimizer = torch_twin(rule, [p])
    path = [start]
    for t in range(steps):
        p.grad = gradient(p.detach(), t)
        optimizer.step()
        path.append(p.detach().clone())
    return torch.stack(path)


def rosenbrock_gradient(x: Tensor) -> Tensor:
    """Gradient of (1 - x_0)^2 + 100 (x_1 - x_0^2)^2 at x (2,)."""
    bend = x[1] - x[0] ** 2
    return torch.stack([-2 * (1 - x[0]) - 400 * x[0] * bend, 200 * bend])


def reddi_average_regret(name: str, steps: int, c: float = 4.0) -> float:
    """Mean regret of a rule on the online problem on which Adam moves to the worst point of [-1, 1].

    f_t(x) = c x in every third step and -x in the others, c > 2, so the best point is x = -1; beta1 = 0,
    beta2 = 1 / (1 + c^2), lr 0.5 / sqrt(t), projected to [-1, 1]. At x = 1 the mean regret is 2 (c - 2) / 3.
    Source: Reddi, Kale, Kumar, On the Convergence of Adam and Beyond, ICLR 2018, theorem 1.
    """
    x, state, regret = torch.zeros((), dtype=torch.float64), State(), 0.0
    for t in range(steps):
        g = c if t % 3 == 0 else -1.0
        regret += g * (float(x) + 1)
        rule = Rule(name=name, lr=0.5 / math.sqrt(t + 1), betas=(0.0, 1 / (1 + c * c)))
        x, state = rule(x, torch.tensor(g, dtype=torch.float64), state)
        x = x.clamp(-1, 1)
    return regret / steps
