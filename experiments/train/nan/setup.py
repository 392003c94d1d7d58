"""What train.nan can be asked, and the images that its networks see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import Field

from experiments.foundation.datasets.choices import FlatSetName
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from experiments.foundation.networks.split import Examples
    from experiments.train.core.faults import BlockNetwork

FaultName = Literal[
    "log0", "div0", "sqrt0_grad", "exp_overflow", "fp16_overflow", "bad_input", "lr", "inf_minus_inf", "where_grad"
]


@parameters
class Params:
    dataset: FlatSetName = "digits"
    """Images to train on."""
    faults: Annotated[tuple[FaultName, ...], Field(min_length=1)] = get_args(FaultName)
    """Kinds of faults, tried in turns: the operation that fails, a broken batch, or an update too large."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 18
    """Faults per seed, each at a random step and in a random layer."""
    steps: Annotated[int, Field(ge=2, le=1000)] = 5
    """Updates of one training; the fault comes at one of them but the first."""
    width: Annotated[int, Field(ge=1, le=4096)] = 16
    """Units per hidden layer."""
    depth: Annotated[int, Field(ge=2, le=100)] = 4
    """Hidden layers."""
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 32
    """Images per update."""
    lr: Annotated[float, Field(gt=0, le=10)] = 0.1
    """Learning rate of the healthy updates."""
    healthy_steps: Annotated[int, Field(ge=1, le=10_000)] = 3
    """Updates of every healthy network, all of them traced."""
    cost_depth: Annotated[int, Field(ge=1, le=200)] = 4
    """Hidden layers of the network on which the price is measured."""
    cost_width: Annotated[int, Field(ge=1, le=4096)] = 64
    """Its units per layer."""
    rounds: Annotated[int, Field(ge=1, le=10_000)] = 3
    """Steps timed of every way to look; the median counts."""


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    examples: Examples
    """Flat square images (n, features) in [0, 1]."""
    classes: int
    dataset: str

    def blocks(self, width: int, depth: int) -> BlockNetwork:
        """A network for these images, its weights from torch's global generator."""
        from experiments.train.core.faults import BlockNetwork

        return BlockNetwork(self.examples.inputs.shape[1], self.classes, width, depth)


def prepare(params: Params, seed: int) -> Images:
    import torch

    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import Examples

    data = load_images(params.dataset, seed=seed)
    pixels = data.train_images.reshape(len(data.train_images), -1) / data.max_value
    examples = Examples(torch.tensor(pixels, dtype=torch.float32), torch.tensor(data.train_labels))
    return Images(params=params, seed=seed, examples=examples, classes=len(data.classes), dataset=data.name)
