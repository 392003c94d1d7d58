"""What train.precision can be asked: images, a device, and the random numbers that formats are tried on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.foundation.networks.choices import DeviceName
from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from experiments.foundation.networks.split import Split


@parameters
class Params:
    dataset: GrayImageSetName = "digits"
    """Images for the accuracies; auto is MNIST where it is present or can be fetched, else digits."""
    device: DeviceName = "cpu"
    """Where operations are timed; everything else is computed on the CPU."""
    train_images: Annotated[int, Field(ge=10, le=60_000)] = 200
    """Training images."""
    validation_images: Annotated[int, Field(ge=10, le=60_000)] = 100
    """Validation images."""
    test_images: Annotated[int, Field(ge=10, le=60_000)] = 200
    """Test images."""
    width: Annotated[int, Field(ge=1, le=1024)] = 32
    """Hidden units of the network."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Updates of each training."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 64
    """Images per update."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=10)], ...], Field(min_length=3)] = (0.001, 0.01, 0.1)
    """Learning rates of every format, with SGD of momentum 0.9 and with Adam."""
    updates: Annotated[int, Field(ge=1, le=100_000)] = 200
    """Small updates of one weight."""
    weights: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Random weights that are updated, and random gradients through the scaler."""
    loss_factor: Annotated[float, Field(gt=0, le=1)] = 1e-7
    """Factor that makes the loss, and so all gradients, small."""
    scale_exponents: Annotated[tuple[Annotated[int, Field(ge=0, le=30)], ...], Field(min_length=1)] = (0, 8, 16, 24)
    """Loss scales 2^k for the share of gradients that underflow."""
    cost_size: Annotated[int, Field(ge=8, le=8192)] = 64
    """Rows and columns of the matrices that are timed."""
    rounds: Annotated[int, Field(ge=1, le=1000)] = 3
    """Repetitions of every timed operation; the median counts."""


@dataclass(frozen=True)
class Drawn:
    """All that is random beside the images."""

    weights: dict[str, list[float]]
    """fp16 and bf16 -> weights in [1, 8) to be updated."""
    tiny: Tensor
    """Numbers (n,) in (2^-30, 2^-25)."""
    network: nn.Module
    inputs: Tensor
    targets: Tensor
    scaler_steps: list[tuple[float, Tensor, Tensor]]
    """(scale at the start, gradient (5,), weight (5,)); gradients that overflow and finite ones by turns."""


@dataclass(frozen=True, kw_only=True)
class Numbers(Setup[Params]):
    split: Split
    device: torch.device

    @once
    def drawn(self) -> Drawn:
        import torch

        from experiments.train.core.loss_scaling import tanh_network

        n = self.params.weights
        torch.manual_seed(self.seed)
        weights = {name: (1 + 7 * torch.rand(n)).tolist() for name in ("fp16", "bf16")}
        tiny = 2.0 ** (-25 - 5 * torch.rand(n).double())
        network = tanh_network(16, 32, 3)
        inputs, targets = torch.randn(64, 16), torch.randn(64, 1)
        scaler_steps = []
        for number, scale in enumerate((2.0 ** torch.randint(2, 17, (n,))).tolist()):
            for entry in (torch.inf, 1.0):
                gradient = torch.randn(5) + 10
                gradient[number % 5] = entry
                scaler_steps.append((scale, gradient, torch.randn(5)))
        return Drawn(weights, tiny, network, inputs, targets, scaler_steps)


def prepare(params: Params, seed: int) -> Numbers:
    from experiments.foundation.networks.device import device_title, resolve_device
    from experiments.train.images import draw_images

    device, n = resolve_device(params.device), params.train_images
    held, tested = params.validation_images, params.test_images
    split = draw_images(params.dataset, train=n, validation=held, test=tested, seed=seed)
    note = f"operations are timed on {device_title(device)}, forward and backward"
    return Numbers(params=params, seed=seed, notes=(split.description, note), split=split, device=device)
