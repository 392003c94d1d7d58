"""What detect.stride can be asked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from experiments.lab.experiment import Setup, parameters


@parameters
class Params:
    strides: Annotated[tuple[Literal[1, 2, 4, 8, 16], ...], Field(min_length=3)] = (2, 4, 8, 16)
    """Total strides of the networks, rising."""
    size: Annotated[int, Field(ge=16, le=256, multiple_of=16)] = 32
    """Pixels per side of a picture."""
    dilated: bool = True
    """Whether to train stride 4 with the receptive field of stride 16 too."""
    images: Annotated[int, Field(ge=16, le=100_000)] = 200
    """Pictures for validation and for test; those for training are fresh in every update."""
    steps: Annotated[int, Field(ge=3, le=100_000)] = 12
    """Updates; networks are read after a third of them too."""
    batch: Annotated[int, Field(ge=1, le=1024)] = 16
    """Pictures per update."""
    channels: Annotated[int, Field(ge=1, le=512)] = 8
    """Channels of every layer."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)] = (3e-3, 3e-2)
    """Learning rates of Adam that every network tries."""


StrideSetup = Setup[Params]
