"""What cnn.locality can be asked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from experiments.lab.experiment import parameters

ModelName = Literal["conv", "dilated", "conv_gap", "large_kernel", "attention"]
SPREAD = 3
"""Distances of the markers, from length - SPREAD to length - 1."""


@parameters
class Params:
    length: Annotated[int, Field(ge=6, le=256)] = 8
    """Positions of a sequence; the markers are length - 3 to length - 1 apart."""
    models: tuple[ModelName, ...] = ("conv", "dilated", "conv_gap", "large_kernel", "attention")
    """conv: 3 taps at each of the depths; dilated: 3 taps, dilations 1, 2, 4, ... until the end is in reach; conv_gap:
    the shallowest conv and the mean over positions; large_kernel: one kernel over all positions; attention: two
    layers."""
    depth: tuple[Annotated[int, Field(ge=1, le=64)], ...] = (3, 8)
    """Layers of the convolutional networks; one reaches as many positions to each side."""
    width: Annotated[int, Field(ge=4, le=512)] = 16
    """Channels; attention takes the width that gives it the multiply-adds of the deepest conv."""
    symbols: Annotated[int, Field(ge=2, le=64)] = 2
    """Symbols that a marker can carry."""
    steps: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """Largest number of training steps; training stops at a validation accuracy of 0.95."""
    batch_size: Annotated[int, Field(ge=2, le=4096, multiple_of=2)] = 64
    """Sequences in a step, half of them with equal symbols."""
    lrs: tuple[Annotated[float, Field(gt=0, le=1)], ...] = (7e-4, 2e-3, 6e-3)
    """Learning rates of Adam, the same grid for every model."""
