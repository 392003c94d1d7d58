"""Overlap and its relatives, against counted pixels and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.detect.core.shapes.boxes import (
    area,
    complete_iou,
    corners,
    covered,
    distance_iou,
    generalized_iou,
    intersection,
    iou,
)

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
