"""Epoch, batch, iteration: the arithmetic, and what torch's DataLoader does on a data set of indices.

An epoch sees every sample once, an iteration is one batch. A sample is its own index.
Source: PyTorch documentation, torch.utils.data.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, DistributedSampler, RandomSampler, Sampler, SequentialSampler


class Indices(Dataset[int]):
    """n samples, each its own index; holds no memory however large n is."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> int:
        return index


def batches_per_epoch(n: int, batch_size: int, *, drop_last: bool) -> int:
    """ceil(n / batch_size), or floor(n / batch_size) if an incomplete last batch is dropped.

    >>> batches_per_epoch(60_000, 128, drop_last=False), batches_per_epoch(60_000, 128, drop_last=True)
    (469, 468)
    """
    return n // batch_size if drop_last else -(-n // batch_size)


def loader_length(n: int, batch_size: int, *, drop_last: bool) -> int:
    """The length that torch gives the loader of n samples; nothing is loaded."""
    return len(DataLoader(Indices(n), batch_size=batch_size, drop_last=drop_last))


def delivered_batches(n: int, batch_size: int, *, drop_last: bool) -> int:
    """How many batches the loader of n samples delivers when it is iterated."""
    return sum(1 for _ in DataLoader(Indices(n), batch_size=batch_size, drop_last=drop_last))


@contextlib.contextmanager
def quiet_workers() -> Iterator[None]:
    """More workers than cores, and forking beside threads, are warned of; both are harmless for a few samples."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def epoch_order(n: int, seed: int, *, workers: int = 0, batch_size: int = 32) -> list[int]:
    """The order in which a shuffling loader delivers the n samples, from a generator with ``seed``."""
    generator = torch.Generator().manual_seed(seed)
    with quiet_workers():
        loader = DataLoader(Indices(n), batch_size=batch_size, shuffle=True, generator=generator, num_workers=workers)
        return [int(index) for batch in loader for index in batch]


SAMPLERS: dict[str, Callable[[Indices, torch.Generator], Sequence[Sampler[int]]]] = {
    "in order": lambda data, generator: [SequentialSampler(data)],
    "shuffled": lambda data, generator: [RandomSampler(data, generator=generator)],
    "with replacement": lambda data, generator: [RandomSampler(data, replacement=True, generator=generator)],
    "3 replicas, padded": lambda data, generator: [
        DistributedSampler(data, num_replicas=3, rank=rank, seed=generator.initial_seed() % 2**31) for rank in range(3)
    ],
}
"""Ways to draw an epoch; of several samplers (replicas) the epoch is what all of them draw."""


def times_seen(name: str, n: int, seed: int) -> NDArray[np.int64]:
    """How often each of n samples is drawn in one epoch by a sampler of ``SAMPLERS``: (n,)."""
    generator = torch.Generator().manual_seed(seed)
    drawn = [index for sampler in SAMPLERS[name](Indices(n), generator) for index in sampler]
    return np.bincount(np.array(drawn, dtype=np.int64), minlength=n)


def mean_of_batch_means(values: NDArray[np.float64], batch_size: int, *, weighted: bool = False) -> float:
    """Mean over the batches of their means, the way a metric is often averaged; or weighted by the batches' sizes.

    ``values`` (n,) are one number per sample, in order; the last batch may be smaller.

    >>> values = np.array([0.0, 0.0, 4.0])
    >>> mean_of_batch_means(values, 2), round(mean_of_batch_means(values, 2, weighted=True), 3)
    (2.0, 1.333)
    """
    batches = [values[start : start + batch_size] for start in range(0, len(values), batch_size)]
    sizes = [len(batch) for batch in batches] if weighted else None
    return float(np.average([batch.mean() for batch in batches], weights=sizes))
