"""Which examples come in which batch, and images in memory as batches of them.

Long trainings visit their images in ``epoch_order``, a function of (seed, epoch), so that a resumed run needs only its
position in it. Short trainings take indices (batch,) from one of three iterators:

| iterator | an example comes | batches |
|---|---|---|
| ``shuffled_batches`` | once a pass, each pass in a new order | the last of a pass is smaller |
| ``full_batches`` | once a pass, passes end to end | all full, so one may span two passes |
| ``drawn_batches`` | at random, with replacement | all full |
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Normalization:
    """Per channel x -> (x - mean) / deviation, with x in [0, 1]."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def fit(cls, images: NDArray[np.uint8]) -> Normalization:
        """Statistics of ``images`` (n, h, w) or (n, h, w, c); a constant channel gets deviation 1."""
        pixels = torch.from_numpy(np.ascontiguousarray(images)).view(
            len(images), -1, images.shape[3] if images.ndim == 4 else 1
        )
        n = pixels.shape[0] * pixels.shape[1]
        sums, squares = torch.zeros(2, pixels.shape[2], dtype=torch.float64)
        for part in pixels.split(512):  # exact sums of integers, in parts that stay in a cache as floats
            values = part.float()
            sums += values.sum((0, 1), dtype=torch.float64)
            squares += values.square_().sum((0, 1), dtype=torch.float64)
        variances = [n * int(square) - int(total) ** 2 for total, square in zip(sums, squares, strict=True)]
        deviation = np.array([math.sqrt(variance) / n / 255 for variance in variances])
        return cls(sums.numpy() / n / 255, np.where(deviation > 0, deviation, 1.0))

    def apply(self, images: NDArray[np.uint8], dtype: torch.dtype, device: torch.device) -> Tensor:
        """(n, c, h, w) normalized, of ``dtype`` on ``device``, channels last in memory."""
        raw = torch.from_numpy(np.ascontiguousarray(images)).to(device)
        work = torch.float64 if dtype == torch.float64 else torch.float32
        scale = torch.tensor(1 / (255 * self.deviation), dtype=work, device=device)
        shift = torch.tensor(-self.mean / self.deviation, dtype=work, device=device)
        pixels = raw.unsqueeze(3) if raw.dim() == 3 else raw
        return pixels.to(work).mul_(scale).add_(shift).to(dtype).permute(0, 3, 1, 2)


def held_out(n: int, share: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices to train on and indices held out: a seeded random ``share`` of n, at least one of each kind if share >
    0."""
    order = np.random.default_rng([seed, n]).permutation(n)
    size = min(max(round(n * share), 1), n - 1) if share > 0 else 0
    return np.sort(order[size:]), np.sort(order[:size])


def shuffled_batches(n: int, batch_size: int, count: int, rng: torch.Generator) -> Iterator[Tensor]:
    """Indices of ``count`` batches: whole passes over 0..n-1, each in a new random order, the last batch smaller.

    >>> [len(batch) for batch in shuffled_batches(5, 2, 4, torch.Generator())]
    [2, 2, 1, 2]
    """
    done = 0
    while done < count:
        for chosen in torch.randperm(n, generator=rng).split(batch_size):
            if done == count:
                return
            done += 1
            yield chosen


def full_batches(n: int, batch_size: int, count: int, rng: torch.Generator) -> Iterator[Tensor]:
    """Indices of ``count`` batches out of passes over 0..n-1 that follow each other without a gap.

    Batches larger than n hold every index once.

    >>> [len(batch) for batch in full_batches(5, 2, 4, torch.Generator())]
    [2, 2, 2, 2]
    """
    order = torch.empty(0, dtype=torch.int64)
    for _ in range(count):
        if len(order) < batch_size:
            order = torch.cat([order, torch.randperm(n, generator=rng)])
        chosen, order = order[:batch_size], order[batch_size:]
        yield chosen


def drawn_batches(n: int, batch_size: int, count: int, rng: torch.Generator | None) -> Iterator[Tensor]:
    """Indices of ``count`` batches drawn from 0..n-1 with replacement; by torch's global generator without ``rng``.

    >>> [len(batch) for batch in drawn_batches(5, 2, 3, torch.Generator())]
    [2, 2, 2]
    """
    for _ in range(count):
        yield torch.randint(n, (batch_size,), generator=rng)


def epoch_order(n: int, seed: int, epoch: int) -> Tensor:
    """The order (n,) in which epoch number ``epoch`` visits the images."""
    return torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(n))


def pick(inputs: Tensor, indices: Tensor) -> Tensor:
    """``inputs[indices]``, with the memory format kept: rows of an (n, h, w, c) buffer are copied whole."""
    if inputs.dim() == 4:
        return inputs.permute(0, 2, 3, 1).index_select(0, indices).permute(0, 3, 1, 2)
    return inputs.index_select(0, indices)


def shifted(images: Tensor, pixels: int, parts: int = 4) -> Tensor:
    """``images`` (n, c, h, w), each quarter of the batch moved by a random offset of up to ``pixels`` either way.

    What comes in from outside repeats the border. Offsets are drawn from torch's global generator.
    """
    height, width = images.shape[2:]
    wide = torch.nn.functional.pad(images, (pixels,) * 4, mode="replicate")
    moved = []
    for part in wide.chunk(parts):
        top, left = torch.randint(0, 2 * pixels + 1, (2,)).tolist()
        moved.append(part[:, :, top : top + height, left : left + width])
    return torch.cat(moved).contiguous(memory_format=torch.channels_last)
