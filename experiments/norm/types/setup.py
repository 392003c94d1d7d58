"""What norm.types can be asked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from experiments.lab.experiment import parameters


@parameters
class Params:
    trials: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Random tensors on which every statement is tried."""
    dim: Annotated[int, Field(ge=4, le=4096)] = 64
    """Entries that are normalized together."""
    examples: Annotated[int, Field(ge=2, le=4096)] = 16
    """Rows of a tensor."""
    eps: Annotated[float, Field(gt=0, le=1)] = 1e-5
    """Added to the variance."""
    dtype: Literal["float32", "float64"] = "float64"
    """Type of the tensors."""
    depth: tuple[Annotated[int, Field(ge=1, le=64)], ...] = (2, 8)
    """Blocks of the transformers whose update is measured."""
