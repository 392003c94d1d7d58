"""Matching and its loss against brute force, and GIoU against that of arrays."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch
from torch.nn import functional

from experiments.detect.core.detectors import set_matching as matching
from experiments.detect.core.shapes import boxes as arrays

RNG = torch.Generator().manual_seed(0)


def test_giou_is_that_of_arrays_and_has_a_gradient() -> None:
    low = torch.rand(2, 9, 2, generator=RNG, dtype=torch.float64)
    first, second = torch.cat([low, low + 0.1 + torch.rand(2, 9, 2, generator=RNG, dtype=torch.float64)], -1)
    found = matching.generalized_iou(first[:, None], second[None])
    np.testing.assert_allclose(found.numpy(), arrays.generalized_iou(first.numpy(), second.numpy()), atol=1e-7)
    assert torch.autograd.gradcheck(matching.generalized_iou, (first.requires_grad_(), second))


def test_giou_of_points_is_finite_with_its_gradient() -> None:
    point = torch.tensor([[0.5, 0.5, 0.5, 0.5]], requires_grad=True)
    matching.generalized_iou(point, torch.tensor([[0.5, 0.5, 0.5, 0.5]])).sum().backward()
    assert point.grad is not None
    assert torch.isfinite(point.grad).all()


def test_centers_and_corners_are_inverse() -> None:
    boxes = torch.tensor([[0.5, 0.4, 0.2, 0.6]])
    torch.testing.assert_close(matching.to_corners(boxes), torch.tensor([[0.4, 0.1, 0.6, 0.7]]))
    torch.testing.assert_close(matching.to_centers(matching.to_corners(boxes)), boxes)


@pytest.mark.parametrize("objects", [0, 1, 3, 5])
def test_the_cheapest_matching_is_that_of_brute_force(objects: int) -> None:
    costs = torch.rand(1, 5, 6, generator=RNG)  # the last columns are padding
    costs[..., objects:] = -100
    pictures, answers, things = matching.match_cheapest(costs, [objects])
    assert (pictures.tolist(), sorted(things.tolist())) == ([0] * objects, list(range(objects)))
    best = min(sum(costs[0, a, o].item() for o, a in enumerate(way)) for way in permutations(range(5), objects))
    assert costs[0, answers, things].sum().item() == pytest.approx(best)


def test_with_fewer_answers_than_objects_every_answer_is_matched() -> None:
    assert matching.match_cheapest(torch.tensor([[[3.0, 1.0, 2.0]]]), [3]).objects.tolist() == [1]


def test_costs_and_loss_are_their_formulas() -> None:
    logits, boxes = torch.randn(1, 2, 3, generator=RNG), torch.rand(1, 2, 4, generator=RNG) / 2 + 0.2
    truth, labels = torch.tensor([[[0.5, 0.5, 0.2, 0.2], [0, 0, 0, 0]]]), torch.tensor([[1, -1]])
    apart = 5 * (boxes[0] - truth[0, 0]).abs().sum(1)
    corners = (matching.to_corners(one.double()).numpy() for one in (boxes[0], truth[0, :1]))
    apart = apart + 2 * (1 - torch.from_numpy(arrays.generalized_iou(*corners))[:, 0])
    costs = matching.match_costs(logits, boxes, truth, labels)
    torch.testing.assert_close(costs[0, :, 0], (apart - logits[0].softmax(1)[:, 1]).float())
    chosen = matching.Matching(*torch.tensor([[0], [1], [0]]))
    entropy = functional.cross_entropy(logits[0], torch.tensor([2, 1]), weight=torch.tensor([1, 1, 0.1]))
    expected = (entropy + apart[1]).float()
    torch.testing.assert_close(matching.matched_loss(logits, boxes, truth, labels, chosen), expected)
