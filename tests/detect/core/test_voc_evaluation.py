"""VOC's rules by hand."""

from __future__ import annotations

import pytest

from experiments.detect.core.voc_evaluation import voc_average_precisions
from tests.detect.core.given import coco_ap50, detections_of, ground_truth_of


def test_voc_compares_with_the_nearest_object_even_if_it_is_taken() -> None:
    # the second detection overlaps the first object most, but reaches the threshold with the free one too
    ground_truth, detections = (
        ground_truth_of((0, 0, 100, 100), (40, 0, 100, 100)),
        detections_of((0, 0, 100, 100), (15, 0, 100, 100)),
    )
    assert voc_average_precisions(ground_truth, detections)[0] == pytest.approx(0.5)
    assert coco_ap50(ground_truth, detections) == 1
