"""Overlap and its relatives, suppression, and average precision against scikit-learn and counted pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from experiments.detect.core import laws
from experiments.detect.core.average_precision import (
    average_precision,
    f1_score,
    interpolated_precision,
    precision_recall_curve,
    precision_score,
    recall_score,
)
from experiments.detect.core.boxes import (
    area,
    complete_iou,
    corners,
    covered,
    distance_iou,
    generalized_iou,
    intersection,
    iou,
)
from experiments.detect.core.suppression import non_maximum_suppression

boxes = st.tuples(*[st.integers(0, 12)] * 4).map(
    lambda c: (min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3]))
)


def pixels(box: tuple[int, ...], inclusive: bool) -> np.ndarray:
    mask = np.zeros((14, 14), bool)
    mask[box[1] : box[3] + inclusive, box[0] : box[2] + inclusive] = True
    return mask


@given(boxes, boxes, st.booleans())
@settings(max_examples=200, deadline=None)
def test_overlap_counts_pixels(first: tuple[int, ...], second: tuple[int, ...], inclusive: bool) -> None:
    one, two = pixels(first, inclusive), pixels(second, inclusive)
    union = int((one | two).sum())
    expected = int((one & two).sum()) / union if union else 0
    assert iou([first], [second], inclusive=inclusive)[0, 0] == pytest.approx(expected)


@given(boxes, boxes)
@settings(max_examples=200, deadline=None)
def test_relatives_of_iou_never_exceed_it_and_equal_it_on_equal_boxes(
    first: tuple[int, ...], second: tuple[int, ...]
) -> None:
    plain = iou([first], [second])[0, 0]
    lowest = {generalized_iou: -1.0, distance_iou: -1.0, complete_iou: -1.5}  # v = 1 at IoU 0 takes v^2 / (1 + v) = 1/2
    for relative, bound in lowest.items():
        assert bound - 1e-12 <= relative([first], [second])[0, 0] <= plain + 1e-12
        assert relative([first], [first])[0, 0] == iou([first], [first])[0, 0]
    assert complete_iou([first], [second])[0, 0] <= distance_iou([first], [second])[0, 0]


def test_relatives_of_iou_by_hand() -> None:
    # two unit squares two apart: hull 3 x 1 with area 3, union 2; centers 2 apart, diagonal^2 = 10
    first, second = [[0, 0, 1, 1]], [[2, 0, 3, 1]]
    assert generalized_iou(first, second)[0, 0] == pytest.approx(-1 / 3)
    assert distance_iou(first, second)[0, 0] == pytest.approx(-4 / 10)
    assert complete_iou(first, second)[0, 0] == pytest.approx(-4 / 10)  # equal shapes: v = 0
    v = 4 / np.pi**2 * (np.arctan(2) - np.arctan(0.5)) ** 2  # 2 x 1 against 1 x 2, same corner: IoU 1/3
    center, diagonal = 0.5, 8
    expected = 1 / 3 - center / diagonal - v * v / (1 - 1 / 3 + v)
    assert complete_iou([[0, 0, 2, 1]], [[0, 0, 1, 2]])[0, 0] == pytest.approx(expected)


def test_shapes_hold_for_no_boxes_and_bad_boxes_are_refused() -> None:
    assert iou([], [[0, 0, 1, 1]]).shape == (0, 1)
    assert intersection([[0, 0, 1, 1]], []).shape == (1, 0)
    assert area([]).shape == (0,)
    assert corners([[1, 2, 3, 4]]).tolist() == [[1, 2, 4, 6]]
    assert covered([[0, 0, 2, 2]], [[1, 0, 9, 9]]).tolist() == [[0.5]]
    with pytest.raises(ValueError, match="x1 <= x2"):
        iou([[1, 0, 0, 1]], [[0, 0, 1, 1]])
    with pytest.raises(ValueError, match=r"shape \(n, 4\)"):
        area([[1, 2, 3]])
    with pytest.raises(ValueError, match="finite"):
        area([[0, 0, np.nan, 1]])


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


@pytest.mark.parametrize("seed", range(5))
def test_uninterpolated_average_precision_is_sklearns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, correct = rng.random(50), rng.random(50) < 0.3
    correct[0] = True
    expected = average_precision_score(correct, scores)
    found = average_precision(scores, correct, int(correct.sum()), interpolation="uninterpolated")
    assert found == pytest.approx(expected)


def test_conventions_by_hand() -> None:
    # right, wrong, right of three objects: precision 1, 1/2, 2/3 at recall 1/3, 1/3, 2/3
    found = {
        name: average_precision([3, 2, 1], [True, False, True], 3, interpolation=name)
        for name in ("coco101", "voc2007", "voc2010", "uninterpolated")
    }
    assert found["voc2010"] == found["uninterpolated"] == pytest.approx(1 / 3 + 2 / 9)
    assert found["voc2007"] == pytest.approx((4 + 3 * 2 / 3) / 11)
    assert found["coco101"] == pytest.approx((34 + 33 * 2 / 3) / 101)


def test_curves_refuse_what_cannot_be_and_no_object_gives_nan() -> None:
    assert np.isnan(average_precision([0.5], [False], 0))
    assert average_precision([], [], 3) == 0
    with pytest.raises(ValueError, match="at most 1 true positives, got 2"):
        precision_recall_curve([1, 2], [True, True], 1)
    with pytest.raises(ValueError, match="without nan"):
        precision_recall_curve([np.nan], [True], 1)
    with pytest.raises(ValueError, match="expected coco101"):
        average_precision([1], [True], 1, interpolation="voc")  # type: ignore[arg-type]
    assert interpolated_precision([1.0, 0.5], [0.5, 1.0], [0.0, 0.5, 0.6]).tolist() == [1, 1, 0.5]


def test_zero_by_zero_is_the_callers_choice() -> None:
    assert np.isnan(precision_score(0, 0))
    assert recall_score(0, 0, empty=1.0) == 1
    assert f1_score([0, 2], [0, 1], [0, 1], empty=0.0).tolist() == pytest.approx([0, 2 / 3])


def test_laws_hold_and_their_controls_fail() -> None:
    rng = np.random.default_rng(0)
    found = [laws.overlap_laws(rng, 10), laws.score_transform(rng, 100), *laws.sklearn_scores(rng, 30)]
    assert max(observation.error for observation in found) < 1e-12
    assert max(observation.control_error for observation in found) > 0.1
    assert laws.matching_by_hand()["first found twice"] == pytest.approx(0.834983, abs=1e-6)
