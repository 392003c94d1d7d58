"""One network trained in several number formats from the same weights on the same batches, and what formats cost.

mixed: float32 weights, 16-bit products (autocast), for fp16 with a scaled loss. true: everything in 16 bits.
master: 16-bit network, but the optimizer works on a float32 copy of the weights.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor, nn

from experiments.train.core.perceptron import accuracy, batches

TYPES = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}


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


@dataclass(frozen=True, kw_only=True)
class Outcome:
    test_accuracy: float
    final_loss: float
    diverged: bool
    """Some weight is not finite."""


def train_in(
    arm: Arm,
    initial: nn.Module,
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    *,
    lr: float,
    batch_size: int,
    steps: int,
    seed: int,
) -> Outcome:
    """Train a copy of ``initial`` on (inputs, labels); the seed decides the batches. A diverged network guesses."""
    dtype = TYPES[arm.type_name]
    stored = torch.float32 if arm.mode == "mixed" else dtype
    network = copy.deepcopy(initial).to(stored)
    weights = list(network.parameters())
    masters = [nn.Parameter(p.detach().float()) for p in weights] if arm.mode == "master" else weights
    optimizer = _optimizer(arm.optimizer, masters, lr)
    mixed = arm.mode == "mixed" and dtype != torch.float32
    scaler = torch.amp.GradScaler("cpu", enabled=dtype == torch.float16 and arm.mode != "true")
    inputs, labels = train[0].to(stored), train[1]
    loss = torch.zeros(())
    for chosen in batches(len(labels), batch_size, steps, torch.Generator().manual_seed(seed)):
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
    finite = all(bool(p.isfinite().all()) for p in weights)
    right = accuracy(network.float(), *test) if finite else 1 / (int(labels.max()) + 1)
    return Outcome(test_accuracy=right, final_loss=float(loss.detach()), diverged=not finite)


def _optimizer(name: str, parameters: list[nn.Parameter], lr: float) -> torch.optim.Optimizer:
    if name == "adam":
        return torch.optim.Adam(parameters, lr / 30)
    return torch.optim.SGD(parameters, lr, momentum=0.9)


def operation_milliseconds(dtype: torch.dtype, device: torch.device, size: int, rounds: int) -> dict[str, float]:
    """Median milliseconds, forward and backward, of a matrix product (size, size), a 3 x 3 convolution and a layer
    norm."""
    square = torch.randn(size, size, device=device).to(dtype).requires_grad_()
    image = torch.randn(4, 16, max(size // 8, 4), max(size // 8, 4), device=device).to(dtype).requires_grad_()
    kernel = torch.randn(16, 16, 3, 3, device=device).to(dtype).requires_grad_()
    ways: dict[str, Callable[[], Tensor]] = {
        "matrix product": lambda: square @ square,
        "convolution": lambda: nn.functional.conv2d(image, kernel, padding=1),
        "layer norm": lambda: nn.functional.layer_norm(square, (size,)),
    }
    return {name: 1e3 * _seconds(way, device, rounds) for name, way in ways.items()}


def _seconds(way: Callable[[], Tensor], device: torch.device, rounds: int) -> float:
    timed = []
    for _ in range(rounds + 1):
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        begun = time.perf_counter() if device.type != "cpu" else time.process_time()
        result = way()
        result.backward(torch.ones_like(result))
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        timed.append((time.perf_counter() if device.type != "cpu" else time.process_time()) - begun)
    return median(timed[1:])


def training_bytes(network: nn.Module, inputs: Tensor, compute: torch.dtype | None) -> tuple[int, int]:
    """(activations saved for the backward pass, weights with their gradients), in bytes, under autocast in ``compute``.

    Weights that the graph saves are not counted as activations; 16-bit copies of weights are.
    """
    own = {p.untyped_storage().data_ptr() for p in network.parameters()}
    saved: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    with (
        torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor),
        torch.autocast("cpu", compute or torch.bfloat16, enabled=compute is not None),
    ):
        loss = network(inputs).float().square().mean()
    total = sum(saved.values())
    loss.backward()
    held = sum(p.nbytes + (p.grad.nbytes if p.grad is not None else 0) for p in network.parameters())
    return total, held
