"""Which cells an object is the task of, what heads give, and that both learn a picture by heart."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from experiments.detect.core.detectors.detecting import detect, evaluate, suppress
from experiments.detect.core.detectors.heads import GridDetector, SetDetector, cell_tasks
from experiments.detect.core.detectors.pictures import Pictures, digit_scenes, pack
from experiments.detect.core.pycocotools import pycocotools_numbers
from experiments.foundation.networks.fit import steps

DIGITS = np.zeros((1, 20, 20), np.float32)
DIGITS[0, 3:17, 5:12] = 1


def scenes(n: int, *, crowded: bool = False, overlap: float = 0.15) -> Pictures:
    rng = np.random.default_rng(0)
    sizes = {"size": 48, "objects": 3, "overlap": overlap, "crowded": crowded}
    return digit_scenes(DIGITS, np.zeros(1, np.int64), n=n, rng=rng, **sizes)


def test_boxes_are_those_of_the_ink_and_overlap_no_more_than_they_may() -> None:
    found = scenes(20)
    for image, boxes, count in zip(found.images[:, 0], found.boxes * 48, found.counts, strict=True):
        ink = torch.zeros(48, 48, dtype=torch.bool)
        for x1, y1, x2, y2 in boxes[:count].round().int().tolist():
            assert image[y1:y2, x1:x2].min() > 0.9
            ink[y1:y2, x1:x2] = True
        assert torch.equal(image > 0, ink)
    truth = found.ground_truth(1)
    assert truth.boxes_xywh.shape == (sum(found.counts), 4)
    assert (truth.boxes_xywh[:, :2] + truth.boxes_xywh[:, 2:]).max() <= 48 + 1e-4


def test_crowds_stand_closer() -> None:
    spread = [scenes(30, crowded=crowded, overlap=0.9).boxes[:, :2] for crowded in (True, False)]
    near, far = ((boxes[:, 0] - boxes[:, 1]).abs().mean() for boxes in spread)
    assert near < far


def test_a_cell_has_the_smallest_of_the_objects_that_it_may_find() -> None:
    boxes = np.array([[0, 0, 1, 1], [0.2, 0.2, 0.4, 0.4]])  # centers in cells 3 and 0 of 2 x 2
    picture = pack(np.zeros((1, 1, 16, 16), np.float32), [boxes], [np.array([0, 0])], at_least=4)
    assert cell_tasks(picture, 2, many=False).tolist() == [[1, -1, -1, 0]]
    assert cell_tasks(picture, 2, many=True).tolist() == [[1, 0, 0, 0]]


@pytest.mark.parametrize("kind", ["grid", "plain", "many", "set", "fixed"])
def test_every_head_learns_pictures_by_heart(kind: str) -> None:
    torch.manual_seed(0)
    pictures, network = scenes(4), build(kind)
    losses = (network.loss(pictures) for _ in range(250))
    values = [loss for _, loss in steps(torch.optim.Adam(network.parameters(), 3e-3), losses, clip=5.0)]
    assert values[-1] < 0.3 * values[0]
    network.train()
    for _ in range(50):  # the means of the normalizations follow
        network.answers(pictures.images)
    found = detect(network, pictures, floor=0.05)
    evaluation = evaluate(pictures, suppress(found, 0.5), 1)
    assert evaluation.mean_precision(0.5) > 0.8
    theirs = pycocotools_numbers(pictures.ground_truth(1), suppress(found, 0.5))
    assert evaluation.mean_precision() == pytest.approx(theirs["AP"], abs=1e-9)


def build(kind: str) -> GridDetector | SetDetector:
    if kind in ("set", "fixed"):
        return SetDetector(1, 1, 32, queries=5, layers=2, fixed=kind == "fixed")
    return GridDetector(1, 1, 32, many=kind == "many", focused=kind != "plain")


def test_pictures_without_objects_have_a_loss_and_no_detections() -> None:
    none = pack(np.zeros((2, 1, 32, 32), np.float32), [np.empty((0, 4))] * 2, [np.empty(0, np.int64)] * 2)
    for kind in ("grid", "many", "set", "fixed"):
        network = build(kind)
        assert torch.isfinite(network.loss(none))
        nothing = detect(network, none, floor=1.0)
        assert len(suppress(nothing, 0.5).scores) == 0
        assert np.isnan(evaluate(none, nothing, 1).mean_precision())
