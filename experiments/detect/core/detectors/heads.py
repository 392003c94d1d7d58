"""Two heads on one convolutional body: a box for every cell of a grid, and a set of answers.

Boxes leave a head as centers and sides in shares of the picture. The grid answers per cell: whether there is an object,
its box from the cell's center, its class. The set answers per query; a query has a place of its own, places are coded
as the cells' are, and every layer of the decoder answers, so that the loss reaches each directly.
Sources: Redmon et al.: You Only Look Once, CVPR 2016; Tian et al.: FCOS, ICCV 2019 (many cells per object); Carion et
al.: End-to-End Object Detection with Transformers, ECCV 2020; Liu et al.: DAB-DETR, ICLR 2022 (queries with places).
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from experiments.detect.core.detectors.pictures import Pictures
from experiments.detect.core.detectors.set_matching import (
    OVERLAP,
    generalized_iou,
    match_cheapest,
    match_costs,
    match_in_order,
    matched_loss,
    to_centers,
    to_corners,
)
from experiments.foundation.networks.scores.binary_losses import binary_cross_entropy, focal, prior_bias

STRIDE = 8
PRIOR = 0.05
"""Probability of an object at which every cell begins."""
WAVES = 8
"""Frequencies of the code of a place, per coordinate."""
Answers = tuple[Tensor, Tensor]
"""Scores (n, answers, classes) in [0, 1] and boxes (n, answers, 4)."""


def body(channels: int, width: int) -> nn.Sequential:
    """Pictures (n, channels, size, size) to features (n, width, size / 8, size / 8): five 3 x 3 convolutions."""
    widths = (channels, width // 4, width // 2, width // 2, width, width)
    layers: list[nn.Module] = []
    for (n_in, n_out), stride in zip(pairwise(widths), (2, 2, 1, 2, 1), strict=True):
        layers += [nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()]
    return nn.Sequential(*layers)


class GridDetector(nn.Module):
    """One box per cell. An object is the task of the cell of its center, or with ``many`` of all cells with their
    centers in its box; of two objects in one cell the smaller is."""

    def __init__(self, channels: int, classes: int, width: int, *, many: bool = False, focused: bool = True) -> None:
        super().__init__()
        self.body = body(channels, width)
        self.head = nn.Conv2d(width, 5 + classes, 1)
        nn.init.constant_(self.head.bias[:1], prior_bias(PRIOR))  # type: ignore[index]
        self.many, self.focused = many, focused

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of an object (n, cells), boxes (n, cells, 4), logits of the classes (n, cells, classes)."""
        maps = self.head(self.body(images))
        found, side = maps.flatten(2).transpose(1, 2), maps.shape[-1]
        centers = cell_centers(side) + found[..., 1:3] / side
        sides = found[..., 3:5].clamp(-3, 3).exp() / side
        return found[..., 0], torch.cat([centers, sides], dim=-1), found[..., 5:]

    def answers(self, images: Tensor) -> Answers:
        objectness, boxes, kinds = self(images)
        return objectness.sigmoid()[..., None] * kinds.softmax(-1), boxes

    def loss(self, pictures: Pictures) -> Tensor:
        """That of the objectness over the number of tasks, and the means over tasks of 2 (1 - GIoU) and of the cross
        entropy of the class."""
        objectness, boxes, kinds = self(pictures.images)
        tasks = cell_tasks(pictures, math.isqrt(objectness.shape[1]), many=self.many)
        rows, cells = (tasks >= 0).nonzero(as_tuple=True)
        objects = tasks[rows, cells]
        n = max(len(rows), 1)
        targets = (tasks >= 0).to(objectness.dtype)
        # alpha weighs an object by 1/4, the factor gives it back: a cell without one then weighs 3
        each = 4 * focal(objectness, targets, alpha=0.25) if self.focused else binary_cross_entropy(objectness, targets)
        overlap = generalized_iou(to_corners(boxes[rows, cells]), pictures.boxes[rows, objects])
        named = cross_entropy(kinds[rows, cells], pictures.labels[rows, objects], reduction="sum")
        return (each.sum() + OVERLAP * (1 - overlap).sum() + named) / n


def cell_centers(side: int) -> Tensor:
    """(side^2, 2) centers x, y of the cells, row by row.

    >>> cell_centers(2)[1]
    tensor([0.7500, 0.2500])
    """
    line = (torch.arange(side) + 0.5) / side
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1)


def cell_tasks(pictures: Pictures, side: int, *, many: bool) -> Tensor:
    """(n, cells) number of the object that each cell is to find, -1 for none; the smallest of several."""
    low, high = pictures.boxes[:, None].split(2, dim=-1)  # (n, 1, m, 2)
    at = cell_centers(side)[None, :, None]
    center = (low + high) / 2
    inside = ((center * side).floor() == (at * side).floor()).all(-1)
    if many:
        inside = inside | ((low < at) & (at < high)).all(-1)
    areas = (high - low).prod(-1).expand(inside.shape)
    areas = areas.masked_fill(~inside | (pictures.labels < 0)[:, None], math.inf)
    smallest = areas.min(2)
    return smallest.indices.masked_fill(smallest.values.isinf(), -1)


class SetDetector(nn.Module):
    """A set of answers, matched to the objects by least cost, or with ``fixed`` in the order in which they come."""

    def __init__(
        self, channels: int, classes: int, width: int, *, queries: int, layers: int, fixed: bool = False
    ) -> None:
        super().__init__()
        self.fixed = fixed
        self.body = body(channels, width)
        self.places = nn.Parameter(torch.rand(queries, 2))
        """Of the queries, x and y."""
        self.code = nn.Sequential(nn.Linear(4 * WAVES, width), nn.ReLU(), nn.Linear(width, width))
        self.layers = nn.ModuleList(DecoderLayer(width) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.kinds = nn.Linear(width, classes + 1)
        self.boxes = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 4))
        for start in self.boxes[-1].parameters():  # every box begins at the place of its query
            nn.init.zeros_(start)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (layers, n, queries, classes + 1) and boxes (layers, n, queries, 4) of every layer."""
        maps = self.body(images)
        cells = maps.flatten(2).transpose(1, 2)
        codes = self.code(waves(cell_centers(maps.shape[-1])))
        place = self.code(waves(self.places))
        x, found = torch.zeros_like(place).expand(len(images), -1, -1), []
        for layer in self.layers:
            x = layer(x, place, cells, cells + codes)
            found.append(self.norm(x))
        answers = torch.stack(found)
        moved = self.boxes(answers)
        start = torch.cat([self.places.clamp(0.01, 0.99).logit(), torch.full_like(self.places, -1.0)], dim=1)
        return self.kinds(answers), (start + moved).sigmoid()

    def answers(self, images: Tensor) -> Answers:
        """Of the last layer."""
        logits, boxes = (each[-1] for each in self(images))
        return logits.softmax(-1)[..., :-1], boxes

    def loss(self, pictures: Pictures) -> Tensor:
        """Mean of the matched loss over the layers, each with a matching of its own."""
        logits, boxes = (each.flatten(0, 1) for each in self(pictures.images))
        times = len(self.layers)
        truth, labels = to_centers(pictures.boxes).repeat(times, 1, 1), pictures.labels.repeat(times, 1)
        counts = pictures.counts * times
        if self.fixed:
            matching = match_in_order(counts)
        else:
            with torch.no_grad():
                matching = match_cheapest(match_costs(logits, boxes, truth, labels), counts)
        return matched_loss(logits, boxes, truth, labels, matching)


def waves(places: Tensor) -> Tensor:
    """(k, 4 WAVES) sines and cosines of places (k, 2) in [0, 1], of wavelengths 2, 1, 1/2, ..."""
    angles = (places[..., None] * math.pi * 2.0 ** torch.arange(WAVES).div(2)).flatten(-2)
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


class DecoderLayer(nn.Module):
    """Queries (n, q, width) look at each other, then at the cells (n, cells, width), then at themselves."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.among = nn.MultiheadAttention(width, heads, batch_first=True)
        self.across = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor, place: Tensor, cells: Tensor, keys: Tensor) -> Tensor:
        seen = self.norms[0](x)
        x = x + self.among(seen + place, seen + place, seen, need_weights=False)[0]
        x = x + self.across(self.norms[1](x) + place, keys, cells, need_weights=False)[0]
        mixed: Tensor = x + self.mlp(self.norms[2](x))
        return mixed
