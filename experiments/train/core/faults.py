"""Numerical faults with a known origin, built into a small network: the ground truth for a NaN locator.

Every fault is one operation in the forward function of one block, or a broken batch, or an update that is too large.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from experiments.train.core.nan_origin import Direction, Kind

Function = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Fault:
    """One way to go wrong and what a locator has to answer."""

    name: str
    operation: str
    direction: Direction
    kind: Kind | None
    """None where both may be born: overflows of opposite sign inside one sum give NaN."""
    inserted: Function | None = None
    """What a block does with its hidden values; None for faults of the batch or of the update."""
    own_module: str = ""
    """Where inside block k it shows: "" for the block itself, else a child of it."""
    node: str = ""
    """The autograd node of the guilty operation, which anomaly detection has to name; "" if there is none."""


def _log_of_zero(hidden: Tensor) -> Tensor:
    return hidden + torch.log(hidden * 0)


def _division_by_zero(hidden: Tensor) -> Tensor:
    return (hidden.abs() + 1) / (hidden * 0)


def _gradient_of_sqrt_of_zero(hidden: Tensor) -> Tensor:
    return hidden + torch.sqrt((hidden * 0).sum())


def _overflow_of_exp(hidden: Tensor) -> Tensor:
    return hidden * torch.exp(hidden + 1000)


def _overflow_of_float16(hidden: Tensor) -> Tensor:
    small = (hidden * 0 + 300).half()
    return hidden + (small * small).float()


def _infinity_minus_infinity(hidden: Tensor) -> Tensor:
    masked = hidden.masked_fill(hidden == hidden, -torch.inf)
    return hidden + (masked - masked)


def _masked_sqrt(hidden: Tensor) -> Tensor:
    shifted = hidden.relu() * 0
    return hidden + torch.where(shifted > 0, shifted.sqrt(), 0)


FAULTS = (
    Fault("log0", "aten.log", "forward", "inf", _log_of_zero, node="LogBackward0"),
    Fault("div0", "aten.div", "forward", "inf", _division_by_zero, node="DivBackward0"),
    Fault("sqrt0_grad", "aten.div", "backward", "inf", _gradient_of_sqrt_of_zero, node="SqrtBackward0"),
    Fault("exp_overflow", "aten.exp", "forward", "inf", _overflow_of_exp, node="ExpBackward0"),
    Fault("fp16_overflow", "aten.mul", "forward", "inf", _overflow_of_float16, node="MulBackward0"),
    Fault("bad_input", "input", "forward", "nan", own_module="linear"),
    Fault("lr", "aten.addmm", "forward", None, own_module="linear", node="AddmmBackward0"),
    Fault("inf_minus_inf", "aten.sub", "forward", "nan", _infinity_minus_infinity, node="SubBackward0"),
    Fault("where_grad", "aten.div", "backward", "nan", _masked_sqrt, node="SqrtBackward0"),
)


class Block(nn.Module):
    """x -> f(leaky_relu(W x + b)); f is the identity unless ``faulty`` is set. No unit dies, so every fault shows."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.linear = nn.Linear(n_in, n_out)
        self.faulty: Function | None = None

    def forward(self, x: Tensor) -> Tensor:
        hidden = nn.functional.leaky_relu(self.linear(x), 0.1)
        return hidden if self.faulty is None else self.faulty(hidden)


class BlockNetwork(nn.Module):
    """``depth`` blocks of ``width`` and a linear head; an input (n, features) gives logits (n, classes)."""

    def __init__(self, features: int, classes: int, width: int, depth: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(features if k == 0 else width, width) for k in range(depth)])
        self.head = nn.Linear(width, classes)

    def block(self, k: int) -> Block:
        """Block number k from 0."""
        return cast(Block, self.blocks[k])

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return self.head(x)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A network in training that will go wrong at ``step`` in block ``layer``."""

    fault: Fault
    layer: int
    step: int

    @property
    def module(self) -> str:
        """The path that a locator has to name."""
        block = f"blocks.{self.layer}"
        return f"{block}.{self.fault.own_module}" if self.fault.own_module else block

    def break_network(self, network: BlockNetwork, step: int) -> None:
        """Before the forward pass of ``step``: put the fault into the network."""
        if step == self.step and self.fault.inserted is not None:
            network.block(self.layer).faulty = self.fault.inserted

    def break_batch(self, inputs: Tensor, step: int) -> Tensor:
        """The inputs (n, features) of ``step``, one of them NaN if that is the fault."""
        if step == self.step and self.fault.name == "bad_input":
            inputs = inputs.clone()
            inputs[0, 0] = torch.nan
        return inputs

    def update(self, network: BlockNetwork, lr: float, step: int) -> None:
        """theta <- theta - lr g; if that is the fault, 1e24 times too far in two neighboring layers before ``step``.

        Each of the two stays finite in itself; their product, in the second, overflows.
        """
        too_far = step == self.step - 1 and self.fault.name == "lr"
        for name, p in network.named_parameters():
            broken = too_far and name.startswith((f"blocks.{self.layer - 1}.", f"blocks.{self.layer}."))
            if p.grad is not None:
                p.data.sub_(p.grad, alpha=lr * (1e24 if broken else 1.0))
                p.grad = None


def sample_trial(fault: Fault, depth: int, steps: int, rng: torch.Generator) -> Trial:
    """A trial with random layer and step. A broken batch shows in the first layer; a broken update needs a layer
    before it and a step before it."""

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high, (), generator=rng))

    layer = 0 if fault.name == "bad_input" else draw(1 if fault.name == "lr" else 0, depth)
    return Trial(fault=fault, layer=layer, step=draw(1, steps))
