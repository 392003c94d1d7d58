"""Non-maximum suppression keeps the best of boxes that overlap."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.detect.core.shapes.boxes import iou
from experiments.detect.core.suppression import non_maximum_suppression


def test_suppression_leaves_no_pair_above_the_threshold_and_is_idempotent() -> None:
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 30, (80, 2))
    found, scores = np.concatenate([low, low + rng.uniform(5, 20, (80, 2))], axis=1), rng.random(80).round(1)
    kept = non_maximum_suppression(found, scores, 0.4)
    overlaps = iou(found[kept], found[kept]) - np.eye(len(kept))
    assert overlaps.max() <= 0.4
    assert (np.diff(scores[kept]) <= 0).all()
    assert non_maximum_suppression(found[kept], scores[kept], 0.4).tolist() == list(range(len(kept)))
    dropped = np.setdiff1d(np.arange(80), kept)
    assert (iou(found[dropped], found[kept]).max(axis=1) > 0.4).all()


def test_suppression_keeps_boxes_of_other_labels_and_refuses_nan() -> None:
    same = [[0, 0, 1, 1]] * 3
    assert non_maximum_suppression(same, [0.1, 0.9, 0.5], 0.5, labels=[0, 0, 1]).tolist() == [1, 2]
    assert non_maximum_suppression([], [], 0.5).tolist() == []
    with pytest.raises(ValueError, match="without nan"):
        non_maximum_suppression(same, [0.1, np.nan, 0.5], 0.5)
