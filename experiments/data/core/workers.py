"""Random numbers in the workers of a DataLoader: which sources differ between workers and epochs, and which repeat.

Every worker is a copy of the parent process. torch seeds its own, Python's and numpy's global generators in each
worker with different numbers per worker and epoch; a generator that the data set keeps is copied as it stands.
Source: PyTorch documentation, torch.utils.data, "Randomness in multi-process data loading".
"""

from __future__ import annotations

import random

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from experiments.data.core.batches import quiet_workers

Numbers = NDArray[np.float64]
SOURCES = ("torch", "random", "numpy, global", "numpy, kept in the data set")


class Draws(Dataset[Tensor]):
    """n samples; each is one random number from every source, drawn when the sample is loaded."""

    def __init__(self, n: int, seed: int) -> None:
        self.n = n
        self.rng = np.random.default_rng(seed)

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> Tensor:
        legacy = np.random.random()  # noqa: NPY002  the global generator is what is examined
        return torch.tensor([float(torch.rand(())), random.random(), legacy, self.rng.random()], dtype=torch.float64)


def draw(n: int, workers: int, seed: int) -> tuple[Numbers, Numbers]:
    """What ``workers`` processes draw in two epochs of n samples: (n, 4) each, one column per source of ``SOURCES``."""
    generator = torch.Generator().manual_seed(seed)
    with quiet_workers():
        loader = DataLoader(Draws(n, seed), batch_size=1, num_workers=workers, generator=generator)
        first, second = (torch.cat(list(loader)).numpy() for _ in range(2))
    return first, second
