"""Where is a mark, when features are only known per cell? A small detector with total stride 1 to 16.

Pictures show one filled blob or one ring at a position that is no multiple of a pixel; x and y are counted from the
upper left corner in pixels, so cell i of stride s covers [i s, (i + 1) s) and its center is (i + 1/2) s. The network
has four 3 x 3 convolutions, the first log2(s) with stride 2; "dilated" gives the rest the dilations that keep the
receptive field of stride 16. It names the cell, the place within it and the kind.
Source: Li et al.: DetNet: A Backbone network for Object Detection, ECCV 2018.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, cross_entropy

from experiments.foundation.networks.side_by_side import FlatAdam
from experiments.foundation.networks.timing import reproducible
from experiments.foundation.networks.tuned_networks import Members

LAYERS = 4
NOISE = 0.3
EVALUATED_AT_ONCE = 250
"""Pictures; all at once would not fit the processor's cache."""
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


class Locators(Members[Locator]):
    """Networks of one stride as one: what a Locator gives, with the members as the first axis."""

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        members, maps, n = len(self.weights[0]), pictures, len(pictures)
        for i, layer in enumerate(self.networks[0].features):
            if isinstance(layer, nn.Conv2d):
                weight, bias = self.joined(f"features.{i}")
                groups = members if i else 1  # the first layer sees one picture for all
                maps = conv2d(maps, weight, bias, layer.stride, layer.padding, layer.dilation, groups).relu()
        weight, bias = self.joined("heads")
        found = conv2d(maps, weight, bias, groups=members).view(n, members, 3, -1).transpose(0, 1)
        weight, bias = self.stacked("kind")
        seen = maps.amax((2, 3)).view(n, members, -1).transpose(0, 1)
        return found[:, :, 0], found[:, :, 1:], torch.baddbmm(bias[:, None], seen, weight.transpose(1, 2))


def train_locators(
    stride: int, lrs: Sequence[float], *, dilated: bool, size: int, steps: int, batch: int, channels: int, seed: int
) -> Iterator[tuple[int, Locators]]:
    """One network per learning rate, by Adam on fresh pictures for every update, from the same first weights.

    ``seed`` sets the weights and the pictures. Yields (updates done, networks) after each.
    """
    with reproducible(seed):
        networks = Locators([Locator(stride, channels, dilated=dilated)] * len(lrs))
    adam, rates, rng = FlatAdam(networks), torch.tensor(lrs), torch.Generator().manual_seed(seed)
    for step in range(1, steps + 1):
        fresh = marks(batch, size, rng)
        index, place = cells(fresh.centers, stride, size)
        logits, places, kinds = networks(fresh.pictures)
        at_truth = places[:, torch.arange(batch), :, index].transpose(0, 1)
        loss = cross_entropy(logits.flatten(0, 1), index.repeat(len(lrs)), reduction="sum")
        loss = loss + (at_truth - place).square().sum()
        loss = loss + cross_entropy(kinds.flatten(0, 1), fresh.kinds.repeat(len(lrs)), reduction="sum")
        (loss / batch).backward()  # members share no number: each gets its own gradient
        adam.update(rates)
        yield step, networks


@torch.no_grad()
def measure(networks: Locators, tested: Marks, stride: int) -> list[Located]:
    """Of every network on all pictures."""
    size = tested.pictures.shape[-1]
    parts = [networks(pictures) for pictures in tested.pictures.split(EVALUATED_AT_ONCE)]
    logits, places, kinds = (torch.cat(each, 1) for each in zip(*parts, strict=True))
    right = _distance(cell_centers(cells(tested.centers, stride, size)[0], stride, size), tested.centers)
    found = []
    for member, named in enumerate(logits.argmax(2)):
        centers = cell_centers(named, stride, size)
        offsets = places[member, torch.arange(len(named)), :, named].clamp(-0.5, 0.5) * stride
        found.append(
            Located(
                cell_error=_distance(centers, tested.centers),
                offset_error=_distance(centers + offsets, tested.centers),
                ideal_error=right,
                class_accuracy=(kinds[member].argmax(1) == tested.kinds).double().mean().item(),
            )
        )
    return found


def _distance(found: Tensor, truth: Tensor) -> float:
    return (found - truth).square().sum(1).sqrt().mean().item()


def mean_distance_to_center(stride: float, points: int = 1000) -> float:
    """Mean distance to the center over a square of side ``stride``, by the midpoint rule on points x points cells."""
    line = ((torch.arange(points, dtype=torch.float64) + 0.5) / points - 0.5) * stride
    return (line[:, None].square() + line[None].square()).sqrt().mean().item()
