"""One network trained in several number formats from the same weights on the same batches, and what formats cost.

mixed: float32 weights, 16-bit products (autocast), for fp16 with a scaled loss. true: everything in 16 bits.
master: 16-bit network, but the optimizer works on a float32 copy of the weights.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from experiments.foundation.networks.device import synchronize
from experiments.foundation.networks.split import Examples
from experiments.train.core.number_formats import FORMATS

TYPES = {chosen.name: chosen.dtype for chosen in FORMATS}


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A way to train: a type and how it is used, and an optimizer."""

    type_name: str
    mode: str
    """mixed, true or master."""
    optimizer: str
    """sgd (momentum 0.9) or adam (eps 1e-8, which is 0 in fp16)."""

    @property
    def name(self) -> str:
        """Type and mode, such as "fp16-true"; "fp32" alone."""
        return self.type_name if self.type_name == "fp32" else f"{self.type_name}-{self.mode}"


def train_in(
    arm: Arm, initial: nn.Module, examples: Examples, batches: Sequence[Tensor], *, lr: float
) -> tuple[nn.Module, float]:
    """A copy of ``initial`` trained on ``batches`` of ``examples``, and the loss of its last batch.

    The learning rate falls linearly from ``lr`` to 0, so that rounding is not amplified up to the end.
    """
    dtype = TYPES[arm.type_name]
    stored = torch.float32 if arm.mode == "mixed" else dtype
    network = copy.deepcopy(initial).to(stored)
    weights = list(network.parameters())
    masters = [nn.Parameter(p.detach().float()) for p in weights] if arm.mode == "master" else weights
    optimizer = _optimizer(arm.optimizer, masters, lr)
    mixed = arm.mode == "mixed" and dtype != torch.float32
    scaler = torch.amp.GradScaler("cpu", enabled=dtype == torch.float16 and arm.mode != "true")
    inputs, labels = examples.inputs.to(stored), examples.labels
    loss = torch.zeros(())
    for number, chosen in enumerate(batches):
        optimizer.param_groups[0]["lr"] = lr * (1 - number / len(batches))
        with torch.autocast("cpu", dtype if mixed else torch.bfloat16, enabled=mixed):
            loss = nn.functional.cross_entropy(network(inputs[chosen]).float(), labels[chosen])
        network.zero_grad()
        scaler.scale(loss).backward()
        if arm.mode == "master":
            for master, p in zip(masters, weights, strict=True):
                master.grad = None if p.grad is None else p.grad.float()
        scaler.step(optimizer)
        scaler.update()
        if arm.mode == "master":
            for master, p in zip(masters, weights, strict=True):
                p.data.copy_(master.data)
    return network, float(loss.detach())


def _optimizer(name: str, parameters: list[nn.Parameter], lr: float) -> torch.optim.Optimizer:
    if name == "adam":
        return torch.optim.Adam(parameters, lr)
    return torch.optim.SGD(parameters, lr, momentum=0.9)


def operations(dtype: torch.dtype, device: torch.device, size: int) -> dict[str, Callable[[], None]]:
    """A matrix product (size, size), a 3 x 3 convolution and a layer norm, each forward and backward and waited for."""
    square = torch.randn(size, size, device=device).to(dtype).requires_grad_()
    image = torch.randn(4, 16, max(size // 8, 4), max(size // 8, 4), device=device).to(dtype).requires_grad_()
    kernel = torch.randn(16, 16, 3, 3, device=device).to(dtype).requires_grad_()
    ways: dict[str, Callable[[], Tensor]] = {
        "matrix product": lambda: square @ square,
        "convolution": lambda: nn.functional.conv2d(image, kernel, padding=1),
        "layer norm": lambda: nn.functional.layer_norm(square, (size,)),
    }

    def there_and_back(way: Callable[[], Tensor]) -> None:
        result = way()
        result.backward(torch.ones_like(result))
        synchronize(device)

    return {name: partial(there_and_back, way) for name, way in ways.items()}
