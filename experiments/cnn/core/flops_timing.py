"""How long layers take on one thread, each by itself and each within its network.

Times are medians over repetitions after one unmeasured pass; the clock reads whole layers, so their dispatch and their
memory traffic count.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from experiments.cnn.core.flops_cases import Lambda
from experiments.foundation.costs.flops_counter import count
from experiments.foundation.networks.timing import one_thread, time_in_turns


@dataclass(frozen=True)
class Layer:
    """One layer with an input of its own."""

    name: str
    module: nn.Module
    inputs: Tensor


@dataclass(frozen=True)
class TimedLayer:
    """What a layer costs in work and in time."""

    layer: str
    macs: int
    traffic_bytes: int
    seconds: float


def time_alone(layers: list[Layer], repeats: int) -> Iterator[TimedLayer]:
    """Each layer in turn, one round after the other, so that a slow moment of the machine meets all of them."""
    with one_thread(), torch.no_grad():
        calls = {number: partial(layer.module, layer.inputs) for number, layer in enumerate(layers)}
        seconds = time_in_turns(calls, repeats)
        for number, layer in enumerate(layers):
            cost = count(layer.module, layer.inputs)
            yield TimedLayer(layer.name, cost.macs, cost.traffic_bytes, statistics.median(seconds[number]))


def time_within(network: nn.Module, repeats: int, *inputs: Tensor, **options: Tensor) -> list[TimedLayer]:
    """Every module without children as it runs within ``network(*inputs, **options)``, left in evaluation mode."""
    leaves = {path: module for path, module in network.eval().named_modules() if not list(module.children())}
    seconds: dict[str, list[float]] = {}
    begun: dict[str, float] = {}

    def begin(path: str) -> None:
        begun[path] = time.perf_counter()

    def end(path: str) -> None:
        seconds.setdefault(path, []).append(time.perf_counter() - begun[path])

    handles = []
    for path, leaf in leaves.items():
        handles.append(leaf.register_forward_pre_hook(lambda *_, p=path: begin(p)))
        handles.append(leaf.register_forward_hook(lambda *_, p=path: end(p)))
    try:
        with one_thread(), torch.no_grad():
            network(*inputs, **options)
            seconds.clear()
            for _ in range(repeats):
                network(*inputs, **options)
    finally:
        for handle in handles:
            handle.remove()
    costs = {layer.path: layer for layer in count(network, *inputs, **options).layers}  # type: ignore[arg-type]
    timed = ((path, costs[path], taken) for path, taken in seconds.items() if path in costs)
    return [TimedLayer(path, cost.macs, cost.traffic_bytes, statistics.median(taken)) for path, cost, taken in timed]


def dense_convolutions() -> list[Layer]:
    """3 x 3 convolutions of 32 x 32 positions, as many channels in as out: from 2 to 600 million multiply-adds."""
    return [
        Layer(f"conv 3x3, {c} channels", nn.Conv2d(c, c, 3, padding=1), torch.randn(1, c, 32, 32))
        for c in (16, 32, 64, 128, 256)
    ]


def kinds_of_layers() -> list[Layer]:
    """Layers of every kind, from 3 to 120 million multiply-adds, in the shapes in which networks use them."""
    wide, lstm = torch.randn(1, 256, 56, 56), nn.LSTM(128, 128)
    encoder = nn.TransformerEncoderLayer(192, 4, 768, batch_first=True).eval()
    return [
        Layer("depth-wise conv 3x3", nn.Conv2d(256, 256, 3, padding=1, groups=256), wide),
        Layer("conv 1x1", nn.Conv2d(64, 64, 1), torch.randn(1, 64, 28, 28)),
        Layer("conv 3x3", nn.Conv2d(64, 64, 3, padding=1), torch.randn(1, 64, 56, 56)),
        Layer("linear, one vector", nn.Linear(4096, 4096), torch.randn(1, 4096)),
        Layer("linear, 64 vectors", nn.Linear(512, 640), torch.randn(64, 512)),
        Layer("LSTM, 64 steps", Lambda(lambda steps: lstm(steps)[0]), torch.randn(64, 1, 128)),
        Layer("encoder layer, 64 tokens", encoder, torch.randn(1, 64, 192)),
    ]
