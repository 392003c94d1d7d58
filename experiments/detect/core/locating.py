"""Where is a mark, when features are only known per cell? A small detector with total stride 1 to 16.

Pictures show one filled blob or one ring at a position that is no multiple of a pixel; x and y are counted from the
upper left corner in pixels, so cell i of stride s covers [i s, (i + 1) s) and its center is (i + 1/2) s. The network
has four 3 x 3 convolutions, the first log2(s) with stride 2; "dilated" gives the rest the dilations that keep the
receptive field of stride 16. It names the cell, the place within it and the kind.
Source: Li et al.: DetNet: A Backbone network for Object Detection, ECCV 2018.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.foundation.networks import fit
from experiments.foundation.networks.batches import drawn_batches

LAYERS = 4
NOISE = 0.3
MEAN_DISTANCE = (math.sqrt(2) + math.log(1 + math.sqrt(2))) / 6
"""Mean distance of a point of the unit square to its center: 0.3826."""


@dataclass(frozen=True)
class Marks:
    """Pictures (n, 1, size, size), centers (n, 2) as (x, y) in pixels, kinds (n,): 0 blob, 1 ring."""

    pictures: Tensor
    centers: Tensor
    kinds: Tensor


@dataclass(frozen=True, kw_only=True)
class Located:
    """Mean errors over the test pictures."""

    cell_error: float
    """Distance in pixels from the center of the cell named."""
    offset_error: float
    """The same with the place within the cell."""
    ideal_error: float
    """From the center of the right cell."""
    class_accuracy: float


def marks(n: int, size: int, rng: torch.Generator) -> Marks:
    """n random pictures. Centers are uniform over the whole picture, and so within the cells of every stride; marks are
    cut at the border."""
    centers = size * torch.rand(n, 2, generator=rng)
    kinds = torch.randint(2, (n,), generator=rng)
    grid = torch.arange(size) + 0.5
    x, y = grid[None, None, :] - centers[:, 0, None, None], grid[None, :, None] - centers[:, 1, None, None]
    distance = (x.square() + y.square()).sqrt()
    blob, ring = torch.exp(-distance.square() / 4), torch.exp(-(distance - 2).square() / 0.8)
    seen = torch.where(kinds[:, None, None] == 0, blob, ring)
    return Marks((seen + NOISE * torch.randn(n, size, size, generator=rng))[:, None], centers, kinds)


class Locator(nn.Module):
    """Cell logits (n, cells), places (n, 2, cells) in cells from the center, kind logits (n, 2)."""

    def __init__(self, stride: int, channels: int, *, dilated: bool = False) -> None:
        super().__init__()
        halvings = int(math.log2(stride))
        layers: list[nn.Module] = []
        for i in range(LAYERS):
            # after the last halving, a dilation of 2 per missing halving sees as far as the halving would
            dilation = 2 ** (i - halvings) if dilated and i > halvings else 1
            width = 1 if i == 0 else channels
            step = 2 if i < halvings else 1
            layers += [nn.Conv2d(width, channels, 3, stride=step, padding=dilation, dilation=dilation), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        self.heads = nn.Conv2d(channels, 3, 1)
        self.kind = nn.Linear(channels, 2)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits, places and kinds of pictures (n, 1, size, size), as the class says."""
        features = self.features(pictures)
        found = self.heads(features).flatten(2)
        return found[:, 0], found[:, 1:], self.kind(features.amax((2, 3)))


def cells(centers: Tensor, stride: int, size: int) -> tuple[Tensor, Tensor]:
    """Index of the cell (n,), row by row, and the place (n, 2) in it, in cells from its center."""
    index = (centers / stride).long().clamp_max(size // stride - 1)
    return index[:, 1] * (size // stride) + index[:, 0], centers / stride - index - 0.5


def cell_centers(index: Tensor, stride: int, size: int) -> Tensor:
    """(n, 2) positions in pixels of the centers of cells."""
    per_row = size // stride
    return (torch.stack([index % per_row, index // per_row], 1) + 0.5) * stride


def locate(
    train: Marks,
    test: Marks,
    stride: int,
    *,
    dilated: bool,
    steps: int,
    batch: int,
    channels: int,
    lr: float,
    seed: int,
) -> Located:
    """Train one network and measure it; ``seed`` sets its first weights and the order of the pictures."""
    size = train.pictures.shape[-1]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Locator(stride, channels, dilated=dilated)
    rng = torch.Generator().manual_seed(seed)
    index, place = cells(train.centers, stride, size)

    def losses() -> Iterator[Tensor]:
        for chosen in drawn_batches(len(index), batch, steps, rng):
            logits, places, kinds = network(train.pictures[chosen])
            at_truth = places.gather(2, index[chosen][:, None, None].expand(-1, 2, 1))[..., 0]
            yield (
                functional.cross_entropy(logits, index[chosen])
                + functional.mse_loss(at_truth, place[chosen], reduction="sum") / batch
                + functional.cross_entropy(kinds, train.kinds[chosen])
            )

    for _ in fit.steps(torch.optim.Adam(network.parameters(), lr=lr), losses()):
        pass
    return _measure(network, test, stride)


@torch.no_grad()
def _measure(network: Locator, test: Marks, stride: int) -> Located:
    size = test.pictures.shape[-1]
    logits, places, kinds = network(test.pictures)
    named = logits.argmax(1)
    centers = cell_centers(named, stride, size)
    offsets = places.gather(2, named[:, None, None].expand(-1, 2, 1))[..., 0].clamp(-0.5, 0.5) * stride
    right = cell_centers(cells(test.centers, stride, size)[0], stride, size)
    return Located(
        cell_error=_distance(centers, test.centers),
        offset_error=_distance(centers + offsets, test.centers),
        ideal_error=_distance(right, test.centers),
        class_accuracy=(kinds.argmax(1) == test.kinds).double().mean().item(),
    )


def _distance(found: Tensor, truth: Tensor) -> float:
    return (found - truth).square().sum(1).sqrt().mean().item()


def mean_distance_to_center(stride: float, points: int = 1000) -> float:
    """Mean distance to the center over a square of side ``stride``, by the midpoint rule on points x points cells."""
    line = ((torch.arange(points, dtype=torch.float64) + 0.5) / points - 0.5) * stride
    return (line[:, None].square() + line[None].square()).sqrt().mean().item()
