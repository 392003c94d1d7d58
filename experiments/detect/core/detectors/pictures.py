"""Pictures with boxed objects for training a detector, and scenes of real handwritten digits.

Boxes are x1, y1, x2, y2 in shares of the picture's sides, so that scaling a picture changes none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.detect.core.ground_truth import GroundTruth
from experiments.detect.core.shapes.boxes import corners, intersection

INK = 0.25
"""Share of full ink above which a pixel belongs to a digit."""
ATTEMPTS = 30
"""Places that a digit tries before it is left out."""
SPREAD = 0.3
"""Deviation of the distance between neighbors in a crowd, in sides of a digit."""


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """n pictures with up to m objects each."""

    images: Tensor
    """(n, channels, size, size) in [0, 1]."""
    boxes: Tensor
    """(n, m, 4); 0 where there is no object."""
    labels: Tensor
    """(n, m), -1 where there is no object; objects stand first."""

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, chosen: Tensor | slice) -> Pictures:
        return Pictures(images=self.images[chosen], boxes=self.boxes[chosen], labels=self.labels[chosen])

    @property
    def counts(self) -> list[int]:
        """Objects of each picture (n,)."""
        found: list[int] = (self.labels >= 0).sum(1).tolist()
        return found

    def ground_truth(self, classes: int) -> GroundTruth:
        """The objects for the evaluation, in pixels."""
        images, slots = (self.labels >= 0).nonzero(as_tuple=True)
        boxes = self.boxes[images, slots].double().numpy() * self.images.shape[-1]
        sides = boxes[:, 2:] - boxes[:, :2]
        return GroundTruth(
            images=images.numpy(),
            classes=self.labels[images, slots].numpy(),
            boxes_xywh=np.concatenate([boxes[:, :2], sides], axis=1),
            areas=sides.prod(axis=1),
            crowd=np.zeros(len(boxes), np.bool_),
            n_classes=classes,
        )


def pack(
    images: NDArray[np.float32], boxes: list[NDArray[np.float64]], labels: list[NDArray[np.int64]], at_least: int = 1
) -> Pictures:
    """Images (n, channels, size, size) with the boxes (k, 4) and labels (k,) of each, padded to the longest list."""
    longest = max([at_least, *map(len, labels)])
    padded, named = np.zeros((len(images), longest, 4), np.float32), np.full((len(images), longest), -1)
    for i, (of_image, names) in enumerate(zip(boxes, labels, strict=True)):
        padded[i, : len(names)], named[i, : len(names)] = of_image, names
    return Pictures(
        images=torch.from_numpy(images), boxes=torch.from_numpy(padded), labels=torch.from_numpy(named.astype(np.int64))
    )


def digit_scenes(
    digits: NDArray[np.float32],
    kinds: NDArray[np.int64],
    *,
    n: int,
    size: int,
    objects: int,
    overlap: float,
    crowded: bool,
    rng: np.random.Generator,
) -> Pictures:
    """``n`` scenes of 1 to ``objects`` digits, each scaled at random and with the tight box of its ink.

    Args:
        digits: (k, h, w) in [0, 1]; a digit's longer side becomes a quarter to two fifths of the scene.
        kinds: (k,) classes of the digits.
        overlap: largest area that two boxes share, in areas of the smaller one.
        crowded: whether digits stand next to each other, not anywhere; the same digit may then be asked to overlap.

    A digit that finds no place is left out. Objects are listed in the order in which they were placed, at random.
    """
    images, boxes, labels = np.zeros((n, 1, size, size), np.float32), [], []
    for image in images[:, 0]:
        placed = np.empty((0, 4))
        chosen = rng.integers(len(digits), size=rng.integers(1, objects + 1))
        kept = []
        for digit in chosen:
            ink = _scaled(_tight(digits[digit]), round(size * rng.uniform(0.25, 0.4)))
            box = _place(ink.shape, size, placed, overlap, crowded, rng)
            if box is not None:
                x1, y1, x2, y2 = box
                image[y1:y2, x1:x2] = np.maximum(image[y1:y2, x1:x2], ink)
                placed = np.concatenate([placed, [box]])
                kept.append(kinds[digit])
        boxes.append(placed / size)
        labels.append(np.array(kept, np.int64))
    return pack(images, boxes, labels, at_least=objects)


def _place(
    shape: tuple[int, ...],
    size: int,
    placed: NDArray[np.float64],
    overlap: float,
    crowded: bool,
    rng: np.random.Generator,
) -> tuple[int, int, int, int] | None:
    """A box of this (height, width) that overlaps none of ``placed`` (k, 4) by more than ``overlap``."""
    height, width = shape
    room = np.array([size - width, size - height])
    for _ in range(ATTEMPTS):
        if crowded and len(placed):
            x, y = placed[rng.integers(len(placed)), :2] + rng.normal(0, SPREAD * max(shape), 2)
        else:
            x, y = rng.uniform(0, room + 1)
        x, y = (int(at) for at in np.clip((x, y), 0, room))
        box = corners([[x, y, width, height]])
        areas = np.prod(placed[:, 2:] - placed[:, :2], axis=1)
        if (intersection(box, placed)[0] <= overlap * np.minimum(areas, width * height)).all():
            return x, y, x + width, y + height
    return None


def _tight(digit: NDArray[np.float32]) -> NDArray[np.float32]:
    """The digit without its margins."""
    rows, columns = (np.flatnonzero((digit > INK).any(axis)) for axis in (1, 0))
    return digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _scaled(ink: NDArray[np.float32], longest: int) -> NDArray[np.float32]:
    """The digit with its longer side ``longest`` pixels, by linear interpolation; both sides are at least 2."""
    height, width = (max(round(side * longest / max(ink.shape)), 2) for side in ink.shape)
    rows, columns = _weights(ink.shape[0], height), _weights(ink.shape[1], width)
    return (rows @ ink @ columns.T).astype(np.float32, copy=False)


@lru_cache(maxsize=10_000)
def _weights(old: int, new: int) -> NDArray[np.float32]:
    """(new, old): every new pixel as a mean of the two nearest old ones, borders on borders."""
    at = np.linspace(0, old - 1, new)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(old))).astype(np.float32)
