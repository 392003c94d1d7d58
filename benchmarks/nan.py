"""What NanWatch adds to a healthy training step of three networks, in percent; at most 1 is asked.

    python benchmarks/nan.py [STEPS]

Processor time on one thread, medians over STEPS: ``begin`` and ``check`` within steps of training, and how much longer
the forward pass takes at the steps, one in twenty, at which activations are looked at, which take turns with others.
A step is a forward and a backward pass and one of AdamW.
"""

from __future__ import annotations

import sys
import time
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from experiments.foundation.networks.timing import one_thread
from experiments.train.core.nan_drift import EVERY
from experiments.train.core.nan_locator import NanWatch


class Encoder(nn.Module):
    """Four layers of attention over 64 bytes."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, batch_first=True)
        self.embedding, self.head = nn.Embedding(256, 128), nn.Linear(128, 10)
        self.layers = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(self.embedding(x)).mean(1))


def convolutions() -> nn.Module:
    def block(channels: int, to: int, stride: int) -> list[nn.Module]:
        return [nn.Conv2d(channels, to, 3, stride, 1), nn.BatchNorm2d(to), nn.ReLU()]

    layers = [*block(3, 32, 1), *block(32, 64, 2), *block(64, 128, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(128, 10))


def networks() -> dict[str, tuple[nn.Module, Tensor]]:
    layers = [nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)]
    return {
        "MLP 784-512-512-10, batch 512": (nn.Sequential(*layers), torch.randn(512, 784)),
        "3 convolutions, 32 x 32, batch 64": (convolutions(), torch.randn(64, 3, 32, 32)),
        "4 layers of attention, 64 bytes, batch 32": (Encoder(), torch.randint(256, (32, 64))),
    }


Optimizer = torch.optim.Optimizer


def times(network: nn.Module, inputs: Tensor, optimizer: Optimizer, watch: NanWatch, look: bool) -> tuple[float, ...]:
    """Seconds of the watch's own calls, of the forward pass, and of all else with it, in one step."""
    targets = torch.arange(len(inputs)) % 10
    watch.drift.step = -1 if look else 0  # ``begin`` counts one on
    optimizer.zero_grad()
    clock = [time.process_time()]
    watch.begin()
    clock.append(time.process_time())
    loss = cross_entropy(network(inputs), targets)
    clock.append(time.process_time())
    loss.backward()
    clock.append(time.process_time())
    watch.check(loss, lambda: loss)
    clock.append(time.process_time())
    optimizer.step()
    clock.append(time.process_time())
    begin, forward, backward, check, update = (b - a for a, b in pairwise(clock))
    return begin + check, forward, forward + backward + update


def main() -> None:
    """One line per network."""
    torch.manual_seed(0)
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    for name, (network, inputs) in networks().items():
        watch, optimizer = NanWatch(network), torch.optim.AdamW(network.parameters())
        with one_thread():
            taken = [[times(network, inputs, optimizer, watch, look) for look in (False, True)] for _ in range(steps)]
        middle = np.median(taken[1:], axis=0)
        (own, forward, step), looked = middle[0], middle[1, 1]
        share = 100 * (own + (looked - forward) / EVERY) / step
        print(f"{name}: {1e3 * step:.1f} ms a step, of which the watch adds {share:.2f} %")


if __name__ == "__main__":
    main()
