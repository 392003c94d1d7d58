"""What train.mnist can be asked."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from experiments.foundation.networks.choices import (
    DeviceName,
    ImageSetName,
    NetworkName,
    OptimizerName,
    PrecisionParameter,
    ScheduleName,
)
from experiments.lab.experiment import parameters


@parameters
class Params:
    """Fields of ``Recipe`` are here under the same names: ``arms.make_recipe`` takes every one."""

    dataset: ImageSetName = "digits"
    """Images; auto is MNIST where it is present or can be fetched, else digits."""
    model: NetworkName = "cnn"
    """Network; cnn is that of PyTorch's MNIST example, quick a small one for 99 % in seconds, vit a tiny one."""
    precision: PrecisionParameter = "32"
    """Number format; 16 is 16-bit mixed in the type that the device does well, -true keeps the weights in it too."""
    device: DeviceName = "auto"
    """Where to compute; auto is CUDA, else MPS, else the CPU."""
    epochs: Annotated[int, Field(ge=1, le=1000)] | None = 5
    """Passes over the training images; null: as many as see 60,000 images, which is one of MNIST."""
    batch_size: Annotated[int, Field(ge=1, le=60_000)] = 32
    """Images per forward pass."""
    accumulate: Annotated[int, Field(ge=1, le=1000)] = 1
    """Forward passes per update."""
    optimizer: OptimizerName = "adam"
    """Update rule; sgd is with Nesterov momentum."""
    lr: Annotated[float, Field(gt=0, le=10)] = 3e-3
    """Learning rate at its peak."""
    schedule: ScheduleName = "linear"
    """How the learning rate falls."""
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of all updates in which the learning rate rises from 0."""
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Of sgd."""
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Decoupled in adamw, an L2 penalty elsewhere."""
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of a target that is spread over all classes."""
    shift: Annotated[int, Field(ge=0, le=4)] = 0
    """Pixels by which quarters of a batch are moved at random, up to."""
    average: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Decay per update of a moving average of the weights, which is then what is tested; null: none."""
    clip: Annotated[float, Field(gt=0)] | None = None
    """Largest norm of the gradient; null: no clipping."""
    early_stop: Annotated[int, Field(ge=1)] | None = None
    """Epochs without a lower validation loss after which to stop; null: never, and no images are held out."""
    validation: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Share of the training images held out for early_stop."""
    compile: bool = False
    """Whether torch.compile translates the network first."""
    reference: bool = False
    """Whether the same seed is also trained in float32 and, on a GPU, on the CPU, which the equivalence claims need."""
    repeat_updates: Annotated[int, Field(ge=1, le=1000)] = 20
    """Updates of each of the three short trainings that test reproducibility."""
    resume: str | None = None
    """A checkpoint.pt, or the record directory of a run, to continue from bit by bit."""
