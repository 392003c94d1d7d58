"""Set prediction: answers are matched to objects, and the loss compares what was matched.

Boxes are centers and sides, (x, y, width, height) of the center, in shares of the picture; class ``classes``, the last
logit, is "no object". Objects are padded: label -1 is none. The weights are those of DETR: the class 1, the distance of
the boxes 5, their generalized IoU 2, "no object" 0.1.
Sources: Carion et al.: End-to-End Object Detection with Transformers, ECCV 2020; Kuhn: The Hungarian Method for the
Assignment Problem, 1955; Rezatofighi et al.: Generalized Intersection over Union, CVPR 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn.functional import cross_entropy

DISTANCE, OVERLAP, NOTHING = 5.0, 2.0, 0.1
"""Weights of the boxes' distance and overlap, and of answers without an object."""


class Matching(NamedTuple):
    """Pairs (k,): picture, answer and object."""

    pictures: Tensor
    answers: Tensor
    objects: Tensor


def match_costs(logits: Tensor, boxes: Tensor, true_boxes: Tensor, labels: Tensor) -> Tensor:
    """(n, answers, m): -p(class) + 5 |box - object|_1 + 2 (1 - GIoU), of logits (n, answers, classes + 1), boxes
    (n, answers, 4), objects (n, m, 4) and labels (n, m)."""
    named = labels.clamp_min(0)[:, None].expand(-1, logits.shape[1], -1)
    probability = logits.softmax(-1).gather(2, named)
    given, wanted = boxes[:, :, None], true_boxes[:, None]
    distance = (given - wanted).abs().sum(-1)
    return DISTANCE * distance + OVERLAP * (1 - generalized_iou(to_corners(given), to_corners(wanted))) - probability


def match_cheapest(costs: Tensor, counts: Sequence[int]) -> Matching:
    """The cheapest matching of each picture's objects, ``costs`` (n, answers, m), ``counts`` (n,) objects of each.

    No gradient passes. With fewer answers than objects the dearest objects go without.

    >>> match_cheapest(torch.tensor([[[1.0, 2.0], [0.0, 4.0]]]), [2]).answers
    tensor([1, 0])
    """
    found = []
    for picture, (cost, count) in enumerate(zip(costs.detach().numpy(), counts, strict=True)):
        objects, answers = linear_sum_assignment(cost[:, :count].T)
        found += [(picture, *pair) for pair in zip(answers.tolist(), objects.tolist(), strict=True)]
    return _matching(found)


def match_in_order(counts: Sequence[int]) -> Matching:
    """The first object to the first answer, the second to the second."""
    return _matching([(picture, slot, slot) for picture, count in enumerate(counts) for slot in range(count)])


def matched_loss(logits: Tensor, boxes: Tensor, true_boxes: Tensor, labels: Tensor, matching: Matching) -> Tensor:
    """Mean cross entropy of the answers, plus per object 5 |box - object|_1 + 2 (1 - GIoU); shapes as above."""
    pictures, answers, objects = matching
    targets = torch.full(logits.shape[:2], logits.shape[2] - 1)
    targets[pictures, answers] = labels[pictures, objects]
    weight = torch.ones(logits.shape[2], dtype=logits.dtype)
    weight[-1] = NOTHING
    given, wanted = boxes[pictures, answers], true_boxes[pictures, objects]
    apart = DISTANCE * (given - wanted).abs().sum(-1)
    apart = apart + OVERLAP * (1 - generalized_iou(to_corners(given), to_corners(wanted)))
    return cross_entropy(logits.flatten(0, 1), targets.flatten(), weight) + apart.sum() / max(len(objects), 1)


def to_corners(boxes: Tensor) -> Tensor:
    """(..., 4) from center and sides to x1, y1, x2, y2."""
    centers, sides = boxes.split(2, dim=-1)
    return torch.cat([centers - sides / 2, centers + sides / 2], dim=-1)


def to_centers(boxes: Tensor) -> Tensor:
    """(..., 4) from x1, y1, x2, y2 to center and sides."""
    low, high = boxes.split(2, dim=-1)
    return torch.cat([(low + high) / 2, high - low], dim=-1)


def generalized_iou(boxes: Tensor, others: Tensor) -> Tensor:
    """GIoU (...) of corners (..., 4) one by one, with a gradient: what ``core.boxes`` gives for all pairs of arrays.

    Boxes of no area are smoothed by 1e-9.
    """
    low, high = torch.maximum(boxes, others), torch.minimum(boxes, others)
    shared = (high[..., 2:] - low[..., :2]).clamp_min(0).prod(-1)
    union = sum((one[..., 2:] - one[..., :2]).prod(-1) for one in (boxes, others)) - shared
    around = (low[..., 2:] - high[..., :2]).prod(-1)
    return shared / (union + 1e-9) - (around - union) / (around + 1e-9)


def _matching(pairs: list[tuple[int, int, int]]) -> Matching:
    return Matching(*torch.tensor(pairs, dtype=torch.int64).reshape(-1, 3).T)
