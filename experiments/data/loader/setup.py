"""What data.loader can be asked."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from experiments.lab.experiment import Setup, parameters


@parameters
class Params:
    n: Annotated[int, Field(ge=1, le=1_000_000_000)] = 60_000
    """Samples in the data set whose epochs are counted."""
    batch_size: Annotated[int, Field(ge=1, le=1_000_000_000)] = 100
    """Samples in a batch, at most n."""
    drop_last: bool = False
    """Whether an incomplete last batch is left out."""
    accumulate: Annotated[int, Field(ge=1, le=1_000_000)] = 4
    """Batches per update where gradients are accumulated."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 1
    """Passes over the data set."""
    workers: Annotated[int, Field(ge=1, le=8)] = 2
    """Processes that load data, where they are compared with none."""
    iterated: Annotated[int, Field(ge=8, le=1_000_000)] = 103
    """Samples of the data sets that are iterated, not only counted."""
    largest: Annotated[int, Field(ge=2, le=1000)] = 12
    """Lengths are compared for all n and batch sizes up to this."""

    def __post_init__(self) -> None:
        if self.batch_size > self.n:
            raise ValueError(f"batch_size: expected at most n = {self.n}, got {self.batch_size}")


LoaderSetup = Setup[Params]
